package jsgx.driver;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentSkipListMap;

/**
 * The mappings of SGX devices in one address space. Looking one up waits for nobody; changing them is for one thread at a
 * time, as under mmap_lock.
 */
public final class DeviceMappings {

    private final ConcurrentSkipListMap<Long, DeviceMapping> byStart = new ConcurrentSkipListMap<>();

    /** No mappings. */
    public DeviceMappings() {}

    /** The mapping that holds an address. */
    public Optional<DeviceMapping> at(long address) {
        Map.Entry<Long, DeviceMapping> below = byStart.floorEntry(address);
        return below != null && address < below.getValue().end() ? Optional.of(below.getValue()) : Optional.empty();
    }

    /** The first address from the given one on that a mapping holds; the largest long where there is none. */
    public long nextStart(long address) {
        if (at(address).isPresent()) {
            return address;
        }
        Long above = byStart.higherKey(address);
        return above == null ? Long.MAX_VALUE : above;
    }

    /** All mappings, lowest first. */
    public List<DeviceMapping> all() {
        return List.copyOf(byStart.values());
    }

    /** Puts a mapping in, in place of what was in its range. */
    public synchronized void insert(DeviceMapping mapping) {
        unmap(mapping.start(), mapping.end());
        byStart.put(mapping.start(), mapping);
    }

    /** munmap: what mappings have between the two addresses goes away; a mapping that sticks out is split. */
    public synchronized void unmap(long start, long end) {
        for (DeviceMapping mapping : overlapping(start, end)) {
            long from = Math.max(start, mapping.start());
            long to = Math.min(end, mapping.end());
            DeviceMapping middle = split(mapping, from, to, mapping.protection());
            mapping.space().zap(from, to);
            byStart.remove(middle.start());
            middle.operations().closed(middle);
        }
    }

    /**
     * mprotect: what mappings have between the two addresses gets another protection.
     *
     * @return 0, or a negated errno of a driver that refuses, where mappings below the refused one have changed
     */
    public synchronized long protect(long start, long end, int protection) {
        for (DeviceMapping mapping : overlapping(start, end)) {
            long from = Math.max(start, mapping.start());
            long to = Math.min(end, mapping.end());
            long result = mapping.operations().mprotect(mapping, from, to, protection);
            if (result != 0) {
                return result;
            }
            split(mapping, from, to, protection);
            mapping.space().zap(from, to);
        }
        return 0;
    }

    private List<DeviceMapping> overlapping(long start, long end) {
        List<DeviceMapping> found = new ArrayList<>();
        at(start).ifPresent(found::add);
        found.addAll(byStart.subMap(start, false, end, false).values());
        if (byStart.containsKey(start) && found.stream().noneMatch(m -> m.start() == start)) {
            found.add(byStart.get(start));
        }
        return found;
    }

    /** Cuts a mapping so that one is exactly the given range, and returns that one. */
    private DeviceMapping split(DeviceMapping mapping, long from, long to, int protection) {
        if (from == mapping.start() && to == mapping.end() && protection == mapping.protection()) {
            return mapping;
        }
        if (mapping.start() < from) {
            DeviceMapping below = mapping.part(mapping.start(), from, mapping.protection());
            byStart.put(below.start(), below);
            below.operations().opened(below);
        }
        DeviceMapping middle = mapping.part(from, to, protection);
        byStart.put(from, middle);
        if (to < mapping.end()) {
            DeviceMapping above = mapping.part(to, mapping.end(), mapping.protection());
            byStart.put(to, above);
            above.operations().opened(above);
        }
        return middle;
    }
}
