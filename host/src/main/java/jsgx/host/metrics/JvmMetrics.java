package jsgx.host.metrics;

import io.prometheus.metrics.core.metrics.CounterWithCallback;
import io.prometheus.metrics.core.metrics.GaugeWithCallback;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryMXBean;
import java.lang.management.ThreadMXBean;
import java.time.Duration;

/** What is worth knowing of the JVM, by the names that Prometheus's own library gives it. */
final class JvmMetrics {

    private static final double MILLIS = 1e3;

    private JvmMetrics() {}

    static void register(PrometheusRegistry registry) {
        MemoryMXBean memory = ManagementFactory.getMemoryMXBean();
        ThreadMXBean threads = ManagementFactory.getThreadMXBean();
        GaugeWithCallback.builder()
                .name("jvm_memory_used_bytes")
                .help("Memory in use, by area.")
                .labelNames("area")
                .callback(callback -> {
                    callback.call((double) memory.getHeapMemoryUsage().getUsed(), "heap");
                    callback.call((double) memory.getNonHeapMemoryUsage().getUsed(), "nonheap");
                })
                .register(registry);
        GaugeWithCallback.builder()
                .name("jvm_memory_max_bytes")
                .help("The most memory of the heap.")
                .labelNames("area")
                .callback(callback ->
                        callback.call((double) memory.getHeapMemoryUsage().getMax(), "heap"))
                .register(registry);
        GaugeWithCallback.builder()
                .name("jvm_threads_current")
                .help("Platform threads.")
                .callback(callback -> callback.call(threads.getThreadCount()))
                .register(registry);
        CounterWithCallback.builder()
                .name("jvm_gc_collection_seconds_total")
                .help("How long garbage was collected, by collector.")
                .labelNames("gc")
                .callback(callback -> {
                    for (GarbageCollectorMXBean collector : ManagementFactory.getGarbageCollectorMXBeans()) {
                        callback.call(Math.max(0, collector.getCollectionTime()) / MILLIS, collector.getName());
                    }
                })
                .register(registry);
        CounterWithCallback.builder()
                .name("process_cpu_seconds_total")
                .help("Processor time of the process.")
                .callback(callback -> callback.call(ProcessHandle.current()
                                .info()
                                .totalCpuDuration()
                                .orElse(Duration.ZERO)
                                .toMillis()
                        / MILLIS))
                .register(registry);
        GaugeWithCallback.builder()
                .name("process_start_time_seconds")
                .help("When the process began, in seconds since 1970.")
                .callback(callback ->
                        callback.call(ManagementFactory.getRuntimeMXBean().getStartTime() / MILLIS))
                .register(registry);
    }
}
