import cython

from atms.engine.broker.account cimport Account
from atms.engine.broker.queue cimport Queue
from atms.engine.broker.record cimport Record
from atms.engine.broker.state cimport State


cdef class Matcher:
    cdef State _state
    cdef Queue _queue
    cdef Account _account
    cdef object _p
    cdef public bint partial

    @cython.locals(record=Record, due=cython.longlong, least=cython.longlong)
    cpdef try_pending(self, long long step)
    cpdef bint _stays(self, Record record, long long step) except -1
    cpdef _try(self, Record record, feed, bar, long long step)
    cpdef _try_market(self, Record record, feed, bar, long long step)
    cpdef _try_close(self, Record record, feed, bar, long long step)
    cpdef _try_limit(self, Record record, feed, bar, long long step, limit)
    cpdef _try_stop(self, Record record, feed, bar, long long step)
    cpdef _try_stop_limit(self, Record record, feed, bar, long long step)
    cpdef _slip(self, Record record, feed, bar, price, slips, bint lim=*)
    cpdef _slip_up(self, bound, price, slips, bint lim)
    cpdef _slip_down(self, bound, price, slips, bint lim)
