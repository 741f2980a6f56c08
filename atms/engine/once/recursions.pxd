import cython


@cython.locals(i=Py_ssize_t)
cpdef smooth(double previous, const double[::1] scaled, double keep, double[::1] into)

@cython.locals(i=Py_ssize_t)
cpdef smooth_by(
    double previous, const double[::1] scaled, const double[::1] keeps, double[::1] into
)

@cython.locals(
    i=Py_ssize_t, up=bint, extreme=double, stop=double, pace=double,
    high=double, low=double, past=double, before=tuple,
)
cpdef list parabolic(
    const double[::1] highs,
    const double[::1] lows,
    bint rising,
    double step,
    double most,
    double[::1] into,
)

@cython.locals(
    i=Py_ssize_t, l0=double, l1=double, l2=double, l3=double,
    l0_before=double, l1_before=double, l2_before=double,
    up=double, down=double, both=double,
)
cpdef tuple laguerre(
    const double[::1] values, double gamma, tuple state, bint as_index, double[::1] into
)

@cython.locals(
    i=Py_ssize_t, last=double, price=double, average=double, best=double, least=double,
    gain=double, corrected=double, error=double,
)
cpdef error_correcting(
    const double[::1] prices,
    const double[::1] averages,
    double alpha,
    double keep,
    list gains,
    double[::1] into,
)
