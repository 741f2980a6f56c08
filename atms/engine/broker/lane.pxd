import cython

from atms.engine.broker.account cimport Account
from atms.engine.broker.matching cimport Matcher
from atms.engine.broker.record cimport Record
from atms.engine.broker.state cimport State


cdef class Lane:
    cdef public State state
    cdef public bint light
    cdef public dict d, reasons
    cdef public object cancel, curve, main, place, settled
    cdef bint _ahead, _ended, _whole, _written
    cdef object _booking, _queue
    cdef Account _account
    cdef Matcher _matcher
    cdef list _watched

    cpdef next(self)
    @cython.locals(record=Record)
    cpdef _turn(self, step)
    cpdef _settle_turn(self, step)
    cpdef _leave(self)
    cpdef settle(self)
    cpdef credit(self)
    cpdef follow(self, Record record)
