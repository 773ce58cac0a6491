// SPDX-License-Identifier: Apache-2.0

import Logging
import ServiceLifecycle
import Synchronization

/// "This account changed", told between services. A hint only: whoever listens looks into the store itself, and looks
/// now and then without being told.
package final class Announcements: Service {
    private struct State {
        var next = 0
        var listeners: [String: [Int: AsyncStream<Void>.Continuation]] = [:]
    }

    private let client: RedisClient
    private let link: RedisLink
    private let state = Mutex(State())

    package init(client: RedisClient) {
        self.client = client
        link = RedisLink(client.address, purpose: "announcements", logger: client.logger)
    }

    /// Tells listeners of this process at once and those of others through Redis. Never waits and never fails.
    package func announce(account: String) {
        wake(account)
        client.post(["PUBLISH", RedisKeys.account(account), ""])
    }

    /// An element after each change or several of them; also when announcements may have been missed. Ends with the
    /// task that iterates it.
    package func changes(of account: String) -> AsyncStream<Void> {
        let (stream, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let number = state.withLock { state in
            state.next += 1
            state.listeners[account, default: [:]][state.next] = continuation
            return state.next
        }
        continuation.onTermination = { [weak self] _ in self?.remove(number, of: account) }
        return stream
    }

    /// Streams that are being listened to.
    var listenerCount: Int { state.withLock { $0.listeners.values.reduce(0) { $0 + $1.count } } }
    /// Whether announcements of other processes arrive.
    package var isConnected: Bool { link.channel != nil }

    package func run() async {
        await link.run(
            pushed: { [weak self] parts in
                switch parts.first?.text {
                case "pmessage":
                    guard parts.count == 4, let channel = parts[2].text else { return }
                    if let account = RedisKeys.account(ofChannel: channel) { self?.wake(account) }
                case "psubscribe":
                    self?.wakeAll()
                default: break
                }
            },
            whileUp: { channel in
                channel.writeSubscription(["PSUBSCRIBE", RedisKeys.allAccounts])
                while true {
                    try await Task.sleep(for: .seconds(20))
                    channel.writeSubscription(["PING"])
                }
            })
    }

    private func wake(_ account: String) {
        let listeners = state.withLock { $0.listeners[account].map { Array($0.values) } ?? [] }
        for listener in listeners { listener.yield() }
    }

    private func wakeAll() {
        let listeners = state.withLock { $0.listeners.values.flatMap { $0.values } }
        for listener in listeners { listener.yield() }
    }

    private func remove(_ number: Int, of account: String) {
        // The removed continuation is released outside the lock.
        let removed = state.withLock { state in
            let removed = state.listeners[account]?.removeValue(forKey: number)
            if state.listeners[account]?.isEmpty == true { state.listeners[account] = nil }
            return removed
        }
        _ = removed
    }
}
