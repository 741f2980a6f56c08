cdef class State:
    cdef public object broker, main, p
    cdef public dict d, feeds
    cdef public bint inside, slips
    cdef dict _infos
    cdef object _watch

    cpdef tuple fit(self, data)
    cpdef forget(self)
