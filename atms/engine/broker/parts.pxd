from atms.engine.broker.record cimport Record


cpdef dict executed_dict(Record record, seen)

cpdef bit_of(Record record)
