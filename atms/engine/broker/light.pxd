from atms.engine.broker.record cimport Record


cpdef record_of(order)
