from atms.engine.broker.parts cimport bit_of, executed_dict
from atms.engine.broker.record cimport Record


cpdef executed_of(Record record, seen, bint live)

cpdef refresh(Record record)
