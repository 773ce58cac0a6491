// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// How many connections each client address has, and which ones are open.
final class ConnectionCounts<Served: ServedConnection>: Sendable {
    private struct State {
        var open: [String: Served] = [:]
        var perAddress: [IPAddress: Int] = [:]
    }

    private let state = Mutex(State())
    private let perAddress: Int
    private let total: Int

    init(perAddress: Int, total: Int) {
        self.perAddress = perAddress
        self.total = total
    }

    /// `false` when the address, or the service, has its share.
    func add(_ connection: Served) -> Bool {
        state.withLock { state in
            let count = state.perAddress[connection.peer.ip, default: 0]
            guard count < perAddress, state.open.count < total else { return false }
            state.perAddress[connection.peer.ip] = count + 1
            state.open[connection.id] = connection
            return true
        }
    }

    func remove(_ connection: Served) {
        state.withLock { state in
            guard state.open.removeValue(forKey: connection.id) != nil else { return }
            let left = state.perAddress[connection.peer.ip, default: 1] - 1
            state.perAddress[connection.peer.ip] = left > 0 ? left : nil
        }
    }

    var all: [Served] { state.withLock { Array($0.open.values) } }
}
