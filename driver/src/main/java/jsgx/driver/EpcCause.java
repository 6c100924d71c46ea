package jsgx.driver;

/** Why a call gets no EPC page. */
public enum EpcCause implements Refusal.Cause {
    CHARGED(Errno.ENOMEM, "the account takes the charge of one more EPC page, after the workload's own were reclaimed"),
    RECLAIMABLE(Errno.ENOMEM, "an EPC page is free or can be reclaimed"),
    VERSION_ARRAYS(Errno.ENOMEM, "version arrays leave two EPC pages for the page-fault handler"),
    NO_SIGNAL(Errno.ERESTARTSYS, "no signal is pending while pages are reclaimed"),
    FREE_AT_ONCE(Errno.EBUSY, "an EPC page is free where the caller cannot wait for one");

    private final Errno errno;
    private final String rule;

    EpcCause(Errno errno, String rule) {
        this.errno = errno;
        this.rule = rule;
    }

    @Override
    public long result() {
        return errno.result();
    }

    @Override
    public String rule() {
        return rule;
    }
}
