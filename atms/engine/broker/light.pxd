from atms.engine.broker.data cimport executed_of
from atms.engine.broker.record cimport Record


cpdef _executed(order, Record record)

cpdef record_of(order)
