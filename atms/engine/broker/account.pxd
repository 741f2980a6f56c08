import cython

from atms.engine.broker.fills cimport priced, split
from atms.engine.broker.positions cimport move
from atms.engine.broker.queue cimport Queue
from atms.engine.broker.record cimport Record
from atms.engine.broker.state cimport State


cdef class Account:
    cdef State _state
    cdef Queue _queue
    cdef object _booking, _p
    cdef dict _d
    cdef public list opened
    cdef public object opened_at

    @cython.locals(record=Record)
    cpdef check(self)
    cpdef _cash_after(self, Record record, cash, dict sizes)
    cpdef tuple _closing(self, info, bint plain, closed, paid, price)
    cpdef tuple _opening(self, info, bint plain, opened, price)
    cpdef execute(self, Record record, price, step, reference=*, bint maker=*, stamp=*)
    cpdef tuple _pay(self, Record record, info, bint plain, dict held, price, stamp)
    cpdef _keep(self, Record record, info, bint plain, dict held, tuple fill, step)


cpdef _fee(info, size, price)
