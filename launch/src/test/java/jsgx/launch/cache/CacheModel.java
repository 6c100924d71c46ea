package jsgx.launch.cache;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Predicate;
import java.util.function.ToLongFunction;
import jsgx.driver.Workload;
import jsgx.launch.cache.OrderModel.Item;
import jsgx.launch.token.TokenKey;
import org.jspecify.annotations.Nullable;

/** The rules of the cache over plain lists, for one thread. */
final class CacheModel {

    /** What one workload has. */
    private static final class Account {
        OrderModel order;
        long hits;
        long misses;
        long loads;
        long failures;
        long loading;
        final Map<EvictionCause, Long> evictions = new EnumMap<>(EvictionCause.class);

        Account(OrderModel order) {
            this.order = order;
            for (EvictionCause cause : EvictionCause.values()) {
                evictions.put(cause, 0L);
            }
        }
    }

    private final Map<String, Account> accounts = new LinkedHashMap<>();

    /** In the order of the cache's own table: what Caffeine does while entries are dropped depends on their order. */
    private final Map<TokenKey, Item> index = new ConcurrentHashMap<>();

    private OrderModel.Time time = new OrderModel.Time();
    private CacheLimits limits;
    private Scheme scheme;
    private long generation = Long.MIN_VALUE;

    CacheModel(CacheLimits limits, Scheme scheme) {
        this.limits = limits;
        this.scheme = scheme;
    }

    CacheLimits limits() {
        return limits;
    }

    Scheme scheme() {
        return scheme;
    }

    /** Whether the key is there; counts the hit. */
    boolean hit(int n, long gen, String workload) {
        Item item = find(n, gen);
        if (item == null) {
            return false;
        }
        account(workload).hits++;
        account(item.workload).order.hit(item);
        return true;
    }

    boolean contains(int n, long gen) {
        return find(n, gen) != null;
    }

    void miss(long gen, String workload) {
        generation(gen);
        account(workload).misses++;
        account(workload).loading++;
    }

    void failed(String workload) {
        account(workload).loading--;
        account(workload).failures++;
    }

    void loaded(Item item, boolean flushed) {
        Account own = account(item.workload);
        own.loading--;
        own.loads++;
        if (flushed || item.generation < generation) {
            return;
        }
        long each = scheme.entryBytes();
        if ((own.order.items.size() + 1) * each > limit(item.workload).ceilingBytes()
                && !evict(own.order.coldest(), EvictionCause.CEILING)) {
            return;
        }
        if ((all().size() + 1) * each > limits.maxBytes() && !evict(victim(item.workload), EvictionCause.SIZE)) {
            return;
        }
        if (all().size() + 1 > limits.maxEntries() && !evict(victim(item.workload), EvictionCause.ENTRIES)) {
            return;
        }
        own.order.insert(item);
        index.put(TestTokens.key(item.n, item.generation), item);
    }

    long drop(Predicate<Item> which, EvictionCause cause) {
        List<Item> dropped = index.values().stream().filter(which).toList();
        for (Item item : dropped) {
            account(item.workload).order.remove(item);
            count(item, cause);
        }
        return dropped.size();
    }

    void generation(long gen) {
        generation = Math.max(generation, gen);
        drop(item -> item.generation < generation, EvictionCause.GENERATION);
    }

    void limits(CacheLimits next) {
        limits = next;
        fit(EvictionCause.CEILING, EvictionCause.SIZE, EvictionCause.ENTRIES);
    }

    void scheme(Scheme next) {
        List<Item> kept = new ArrayList<>();
        for (Item item = coldest(accounts.keySet()); item != null; item = coldest(accounts.keySet())) {
            account(item.workload).order.remove(item);
            kept.add(item);
        }
        scheme = next;
        time = new OrderModel.Time();
        accounts.forEach((name, account) -> account.order = OrderModel.of(next, time, most(name, next)));
        kept.forEach(item -> account(item.workload).order.insert(item));
        fit(EvictionCause.SCHEME, EvictionCause.SCHEME, EvictionCause.SCHEME);
    }

    void shrink(long toBytes) {
        while (bytes() > toBytes && evict(victim(""), EvictionCause.SHRINK)) {}
        while (bytes() > toBytes) {
            evict(coldest(accounts.keySet()), EvictionCause.SHRINK);
        }
    }

    long bytes() {
        return all().size() * scheme.entryBytes();
    }

    CacheStatistics statistics(long now) {
        Map<Workload, WorkloadStatistics> each = new LinkedHashMap<>();
        accounts.forEach((name, account) ->
                each.put(new Workload(name), statistics(List.of(account), account.order.items, now)));
        return new CacheStatistics(each, statistics(accounts.values(), all(), now));
    }

    private WorkloadStatistics statistics(Collection<Account> of, List<Item> items, long now) {
        Map<EvictionCause, Long> evictions = new EnumMap<>(EvictionCause.class);
        for (EvictionCause cause : EvictionCause.values()) {
            evictions.put(cause, sum(of, account -> Objects.requireNonNull(account.evictions.get(cause))));
        }
        long ages = items.stream().mapToLong(item -> now - item.loadedAt).sum();
        return new WorkloadStatistics(
                sum(of, account -> account.hits),
                sum(of, account -> account.misses),
                sum(of, account -> account.loads),
                sum(of, account -> account.failures),
                0,
                sum(of, account -> account.loading),
                evictions,
                items.size(),
                items.size() * scheme.entryBytes(),
                Duration.ofMillis(items.stream()
                        .mapToLong(item -> now - item.loadedAt)
                        .max()
                        .orElse(0)),
                Duration.ofMillis(items.isEmpty() ? 0 : ages / items.size()));
    }

    private static long sum(Collection<Account> of, ToLongFunction<Account> what) {
        return of.stream().mapToLong(what).sum();
    }

    private long most(String workload, Scheme by) {
        long bytes = Math.min(limit(workload).ceilingBytes(), limits.maxBytes());
        return Math.min(bytes / by.entryBytes(), limits.maxEntries());
    }

    private Account account(String workload) {
        return accounts.computeIfAbsent(workload, name -> new Account(OrderModel.of(scheme, time, most(name, scheme))));
    }

    private List<Item> all() {
        List<Item> all = new ArrayList<>();
        accounts.values().forEach(account -> all.addAll(account.order.items));
        return all;
    }

    private @Nullable Item find(int n, long gen) {
        return index.get(TestTokens.key(n, gen));
    }

    private WorkloadLimits limit(String workload) {
        return limits.of(new Workload(workload));
    }

    private @Nullable Item victim(String incoming) {
        return coldest(accounts.keySet().stream()
                .filter(name -> {
                    int held = account(name).order.items.size() + (name.equals(incoming) ? 1 : 0);
                    return held * scheme.entryBytes() > limit(name).floorBytes();
                })
                .toList());
    }

    private @Nullable Item coldest(Collection<String> among) {
        Item coldest = null;
        for (String name : among) {
            OrderModel order = account(name).order;
            Item item = order.coldest();
            if (item != null && (coldest == null || order.colder(item, coldest))) {
                coldest = item;
            }
        }
        return coldest;
    }

    private boolean evict(@Nullable Item item, EvictionCause cause) {
        if (item == null) {
            return false;
        }
        account(item.workload).order.evict(item);
        count(item, cause);
        return true;
    }

    private void count(Item item, EvictionCause cause) {
        account(item.workload).evictions.merge(cause, 1L, Long::sum);
        index.remove(TestTokens.key(item.n, item.generation));
    }

    private void fit(EvictionCause ceiling, EvictionCause size, EvictionCause number) {
        accounts.forEach((name, account) -> {
            while (account.order.items.size() * scheme.entryBytes()
                    > limit(name).ceilingBytes()) {
                evict(account.order.coldest(), ceiling);
            }
        });
        while (bytes() > limits.maxBytes()) {
            evict(victim(""), size);
        }
        while (all().size() > limits.maxEntries()) {
            evict(victim(""), number);
        }
    }
}
