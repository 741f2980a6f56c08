from atms.engine.broker.fills cimport priced, split


cpdef move(dict held, feed, size, price, step)
