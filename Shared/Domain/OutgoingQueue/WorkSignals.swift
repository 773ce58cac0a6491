// SPDX-License-Identifier: Apache-2.0

/// Tells a worker to look into the spool: at each wake-up, at a steady sweep for those that were lost, and when it finds
/// by itself that there may be more. Signals that come while it works are one.
package struct WorkSignals: Sendable {
    private let stream: AsyncStream<Void>
    private let continuation: AsyncStream<Void>.Continuation

    package init() {
        (stream, continuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// One consumer.
    package var signals: AsyncStream<Void> { stream }

    /// Look once more.
    package func signal() { continuation.yield() }

    /// Signals at once, at each wake-up and every `seconds`; when the task is cancelled, returns and ends `signals`.
    /// A stream of wake-ups that ends leaves the sweep.
    package func feed(_ wakeUps: AsyncStream<Void>, every seconds: Int) async {
        await withDiscardingTaskGroup { group in
            group.addTask { for await _ in wakeUps { signal() } }
            group.addTask {
                repeat {
                    signal()
                    try? await Task.sleep(for: .seconds(seconds))
                } while !Task.isCancelled
            }
        }
        continuation.finish()
    }
}
