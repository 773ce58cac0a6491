// SPDX-License-Identifier: Apache-2.0
import CoreMetrics
import Synchronization

/// swift-metrics' values as Prometheus text: counters, gauges, and sum and count of timers and recorders.
package final class PrometheusMetrics: MetricsFactory {
    /// Different (name, labels) at most; what comes after is counted nowhere.
    static let limit = 1_000

    private struct Series: Hashable {
        let name: String
        let labels: String
    }

    private let values = Mutex<[Series: Double]>([:])

    package init() {}

    func text() -> String {
        let all = values.withLock { $0 }
        return all.sorted { ($0.key.name, $0.key.labels) < ($1.key.name, $1.key.labels) }
            .map { "\($0.key.name)\($0.key.labels) \($0.value)\n" }.joined()
    }

    fileprivate func change(
        _ label: String, _ suffix: String, _ dimensions: [(String, String)], _ body: (inout Double) -> Void
    ) {
        let labels = dimensions.map {
            "\(Self.clean($0.0))=\"\($0.1.filter { $0 != "\"" && $0 != "\\" && $0 != "\n" })\""
        }
        let series = Series(
            name: Self.clean(label) + suffix, labels: labels.isEmpty ? "" : "{\(labels.joined(separator: ","))}")
        values.withLock { values in
            guard values[series] != nil || values.count < Self.limit else { return }
            body(&values[series, default: 0])
        }
    }

    private static func clean(_ name: String) -> String {
        String(name.map { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") ? $0 : "_" })
    }

    package func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        Handler(self, label, dimensions)
    }
    package func makeFloatingPointCounter(label: String, dimensions: [(String, String)])
        -> any FloatingPointCounterHandler
    {
        Handler(self, label, dimensions)
    }
    package func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        Handler(self, label, dimensions)
    }
    package func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
        Handler(self, label, dimensions, aggregate: aggregate)
    }
    package func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        Handler(self, label, dimensions)
    }
    package func destroyCounter(_ handler: any CounterHandler) {}
    package func destroyFloatingPointCounter(_ handler: any FloatingPointCounterHandler) {}
    package func destroyMeter(_ handler: any MeterHandler) {}
    package func destroyRecorder(_ handler: any RecorderHandler) {}
    package func destroyTimer(_ handler: any TimerHandler) {}

    /// A name and its labels; the values are the factory's, so that asking again for the same goes on counting.
    private final class Handler: CounterHandler, FloatingPointCounterHandler, MeterHandler, RecorderHandler,
        TimerHandler
    {
        private let metrics: PrometheusMetrics
        private let label: String
        private let dimensions: [(String, String)]
        private let aggregate: Bool

        init(_ metrics: PrometheusMetrics, _ label: String, _ dimensions: [(String, String)], aggregate: Bool = true) {
            self.metrics = metrics
            self.label = label
            self.dimensions = dimensions
            self.aggregate = aggregate
        }

        func increment(by amount: Int64) { metrics.change(label, "", dimensions) { $0 += Double(amount) } }
        func increment(by amount: Double) { metrics.change(label, "", dimensions) { $0 += amount } }
        func decrement(by amount: Double) { metrics.change(label, "", dimensions) { $0 -= amount } }
        func reset() { metrics.change(label, "", dimensions) { $0 = 0 } }
        func set(_ value: Int64) { metrics.change(label, "", dimensions) { $0 = Double(value) } }
        func set(_ value: Double) { metrics.change(label, "", dimensions) { $0 = value } }
        func record(_ value: Int64) { record(Double(value)) }
        func record(_ value: Double) {
            guard aggregate else { return set(value) }
            metrics.change(label, "_sum", dimensions) { $0 += value }
            metrics.change(label, "_count", dimensions) { $0 += 1 }
        }
        func recordNanoseconds(_ duration: Int64) {
            metrics.change(label, "_seconds_sum", dimensions) { $0 += Double(duration) / 1e9 }
            metrics.change(label, "_seconds_count", dimensions) { $0 += 1 }
        }
    }
}
