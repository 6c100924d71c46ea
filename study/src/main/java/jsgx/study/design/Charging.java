package jsgx.study.design;

/** How what a place may hold is divided among the workloads that share it. */
public enum Charging {
    /** Not at all: whoever is hotter has more. */
    SHARED("shared"),
    /** Each workload is guaranteed its equal part of half of the kernel's cache, and what nobody needs is shared. */
    FLOORS("floors"),
    /** No workload may have more than its equal part, or a sixteenth of the kernel's cache where that is more. */
    CEILINGS("ceilings"),
    /** Each workload has a place of its own, as user space does. */
    OWN("own");

    private final String word;

    Charging(String word) {
        this.word = word;
    }

    /** Its name as people write it. */
    @Override
    public String toString() {
        return word;
    }
}
