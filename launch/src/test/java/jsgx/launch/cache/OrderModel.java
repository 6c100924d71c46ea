package jsgx.launch.cache;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** The eviction order of one workload's tokens, as plainly as it can be said: lists that are searched from end to end. */
abstract class OrderModel {

    /** A token in the model. */
    static final class Item {
        final int n;
        final long generation;
        final String workload;
        final long loadedAt;
        final long cost;
        long tick;
        long priority;
        int uses;

        @Nullable
        Entry entry;

        Item(int n, long generation, String workload, long loadedAt, long cost) {
            this.n = n;
            this.generation = generation;
            this.workload = workload;
            this.loadedAt = loadedAt;
            this.cost = cost;
        }
    }

    /** What all workloads' orders have in common. */
    static final class Time {
        long tick;
        long inflation;
        final SchemeClock clock = new SchemeClock();
    }

    final Time time;
    final List<Item> items = new ArrayList<>();

    OrderModel(Time time) {
        this.time = time;
    }

    static OrderModel of(Scheme scheme, Time time, long most) {
        return switch (scheme) {
            case LRU -> new LruModel(time);
            case FIFO -> new FifoModel(time);
            case LFU -> new LfuModel(time);
            case COST_AWARE -> new CostAwareModel(time);
            case SIEVE -> new SieveModel(time);
            case S3_FIFO -> new S3FifoModel(time);
            case W_TINY_LFU -> new ByCaffeine(time, most);
        };
    }

    void insert(Item item) {
        time.tick++;
        item.tick = time.tick;
        items.add(item);
    }

    abstract void hit(Item item);

    abstract @Nullable Item coldest();

    void remove(Item item) {
        items.remove(item);
    }

    void evict(Item item) {
        remove(item);
    }

    boolean colder(Item a, Item b) {
        return a.tick < b.tick;
    }

    @Nullable
    Item least(Comparator<Item> by) {
        return items.stream().min(by).orElse(null);
    }

    private static final class LruModel extends OrderModel {
        LruModel(Time time) {
            super(time);
        }

        @Override
        void hit(Item item) {
            time.tick++;
            item.tick = time.tick;
        }

        @Override
        @Nullable
        Item coldest() {
            return least(Comparator.comparingLong(item -> item.tick));
        }
    }

    private static final class FifoModel extends OrderModel {
        FifoModel(Time time) {
            super(time);
        }

        @Override
        void hit(Item item) {}

        @Override
        @Nullable
        Item coldest() {
            return items.isEmpty() ? null : items.getFirst();
        }
    }

    /** LFU, and with other priorities GreedyDual-Size-Frequency. */
    private static class LfuModel extends OrderModel {
        static final Comparator<Item> ORDER =
                Comparator.<Item>comparingLong(item -> item.priority).thenComparingLong(item -> item.tick);

        LfuModel(Time time) {
            super(time);
        }

        long priority(Item item) {
            return item.uses;
        }

        @Override
        void insert(Item item) {
            item.uses = 0;
            super.insert(item);
            use(item);
        }

        @Override
        void hit(Item item) {
            time.tick++;
            item.tick = time.tick;
            use(item);
        }

        private void use(Item item) {
            item.uses++;
            item.priority = priority(item);
        }

        @Override
        @Nullable
        Item coldest() {
            return least(ORDER);
        }

        @Override
        boolean colder(Item a, Item b) {
            return ORDER.compare(a, b) < 0;
        }
    }

    private static final class CostAwareModel extends LfuModel {
        CostAwareModel(Time time) {
            super(time);
        }

        @Override
        long priority(Item item) {
            return time.inflation + item.uses * item.cost;
        }

        @Override
        void evict(Item item) {
            time.inflation = Math.max(time.inflation, item.priority);
            super.evict(item);
        }
    }

    private static final class SieveModel extends OrderModel {
        private int hand;

        SieveModel(Time time) {
            super(time);
        }

        @Override
        void insert(Item item) {
            item.uses = 0;
            super.insert(item);
        }

        @Override
        void hit(Item item) {
            item.uses = 1;
            item.tick = time.tick;
        }

        @Override
        @Nullable
        Item coldest() {
            if (items.isEmpty()) {
                return null;
            }
            hand %= items.size();
            while (items.get(hand).uses == 1) {
                items.get(hand).uses = 0;
                hand = (hand + 1) % items.size();
            }
            return items.get(hand);
        }

        @Override
        void remove(Item item) {
            int at = items.indexOf(item);
            items.remove(at);
            if (at < hand) {
                hand--;
            }
            if (hand == items.size()) {
                hand = 0;
            }
        }
    }

    private static final class S3FifoModel extends OrderModel {
        private final List<Item> small = new ArrayList<>();
        private final List<Item> main = new ArrayList<>();
        private final List<Integer> ghosts = new ArrayList<>();

        S3FifoModel(Time time) {
            super(time);
        }

        @Override
        void insert(Item item) {
            item.uses = 0;
            super.insert(item);
            boolean again = ghosts.removeIf(hash(item)::equals);
            (again ? main : small).add(item);
        }

        @Override
        void hit(Item item) {
            item.uses = Math.min(item.uses + 1, 3);
            item.tick = time.tick;
        }

        @Override
        @Nullable
        Item coldest() {
            while (!small.isEmpty() && small.size() * 10 >= items.size()) {
                if (small.getFirst().uses <= 1) {
                    return small.getFirst();
                }
                Item promoted = small.removeFirst();
                promoted.uses = 0;
                main.add(promoted);
            }
            while (!main.isEmpty()) {
                if (main.getFirst().uses == 0) {
                    return main.getFirst();
                }
                Item again = main.removeFirst();
                again.uses--;
                main.add(again);
            }
            return null;
        }

        @Override
        void remove(Item item) {
            super.remove(item);
            small.remove(item);
            main.remove(item);
            trim();
        }

        @Override
        void evict(Item item) {
            if (small.contains(item)) {
                ghosts.add(hash(item));
            }
            remove(item);
        }

        private static Integer hash(Item item) {
            return TestTokens.key(item.n, item.generation).hashCode();
        }

        private void trim() {
            while (ghosts.size() > items.size() - items.size() / 10) {
                ghosts.removeFirst();
            }
        }
    }

    /** There is no plainer Caffeine: what is checked is the cache around it. */
    private static final class ByCaffeine extends OrderModel {
        private final WTinyLfu order;

        ByCaffeine(Time time, long most) {
            super(time);
            order = new WTinyLfu(time.clock, most);
        }

        @Override
        void insert(Item item) {
            super.insert(item);
            Share nobody = new Share(TestTokens.A, WorkloadLimits.floor(0), order);
            item.entry = new Entry(TestTokens.key(item.n, item.generation), new byte[0], nobody, 0, 1);
            order.insert(item.entry);
        }

        @Override
        void hit(Item item) {
            item.tick = time.tick;
            order.hit(Objects.requireNonNull(item.entry));
        }

        @Override
        @Nullable
        Item coldest() {
            Entry coldest = order.coldest();
            return items.stream()
                    .filter(item -> Objects.equals(item.entry, coldest))
                    .findAny()
                    .orElse(null);
        }

        @Override
        void remove(Item item) {
            super.remove(item);
            order.remove(Objects.requireNonNull(item.entry));
        }
    }
}
