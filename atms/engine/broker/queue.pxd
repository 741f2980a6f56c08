from atms.engine.broker.data cimport refresh
from atms.engine.broker.record cimport Record
from atms.engine.broker.state cimport State


cdef class Queue:
    cdef State _state
    cdef object _lane, _p, _refs
    cdef dict _d

    cpdef place(
        self, bint buys, owner, data, size, price, plimit, exectype, valid, tradeid, oco,
        trailamount, trailpercent, parent, transmit, dict info,
    )
    cpdef bint _is_group(self, parent, oco) except -1
    cpdef _group(self, Record record, oco)
    cpdef _transmit(self, Record record, order)
    cpdef accept(self, Record record, order)
    cpdef refuse(self, Record record)
    cpdef reject(self, Record record)
    cpdef end(self, Record record, int status, bint visited=*)
    cpdef notify(self, Record record)
    cpdef cancel_group(self, Record record)
    cpdef bracket(self, Record record, bint cancel)


cpdef follow(Record record, step)

cpdef bint _is_known(exectype) except -1

cpdef bint _are_numbers(price, plimit, trailamount, trailpercent) except -1
