cdef class Record:
    cdef public object bits, comminfo, costs, created, d, data, dt, dt_created, dteos, executed
    cdef public object extra, feed, fill, given, info, lane, limit, limitoffset, margin, order
    cdef public object pannotated, params, parent, pclose, price, ref, size, trailed, valid
    cdef public bint accepted, active, again, buys, lone, stock, tried, triggered
    cdef public int exectype, p1, p2, status
    cdef public long long due, plen, plen_submitted, window

    cpdef begin_trail(self)
    cpdef trail(self, price)
    cpdef seen(self)
    cpdef note(self)
    cpdef seen_in(self, note)
    cpdef set_status(self, int status)
