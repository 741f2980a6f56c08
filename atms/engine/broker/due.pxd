from atms.engine.broker.record cimport Record


cpdef reschedule(Record record, step)

cpdef _try_at(Record record, feed, bar, step)

cpdef _reached(Record record, feed, bar, price, bint above)

cpdef _first(Record record, feed, hits, start, stop)

cpdef stops(Record record, feed, start, stop)

cpdef _trail_reached(Record record, feed, bar, step)

cpdef follow(Record record, bar)
