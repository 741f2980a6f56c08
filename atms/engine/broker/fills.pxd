cpdef tuple split(held, size)

cpdef priced(held, price, size, at, new)
