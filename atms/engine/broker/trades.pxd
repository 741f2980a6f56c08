import cython

from atms.engine.broker.record cimport Record


@cython.locals(record=Record)
cpdef add_notification(strategy, order)

cpdef deliver(broker, strategies)

@cython.locals(told=list, held=dict)
cpdef list _book(Record record, trades)

cpdef _trade(data, tradeid)

cpdef _copy(dict held)

cpdef _update(dict held, feed, size, price, commission, info)
