// SPDX-License-Identifier: Apache-2.0
import CUnbound
import Foundation
import Glibc
import Synchronization

/// The libunbound context and the thread that polls it.
///
/// Sendable because: the context is thread-safe (`ub_ctx_async` with a thread) and is deleted only by our thread after
/// `isStopped` is set, which every use checks under the lock; all else is immutable or under the lock. A query's object
/// is retained once while libunbound holds it: the callback releases it, or whoever made `ub_cancel` succeed, or the
/// end.
final class UnboundEngine: @unchecked Sendable {
    private struct State: @unchecked Sendable {
        var running: [ObjectIdentifier: UnboundQuery] = [:]
        var waiting: [UnboundQuery] = []
        var isStopped = false
    }

    private let context: OpaquePointer
    private let wakeDescriptor: Int32
    private let configuration: UnboundConfiguration
    private let state = Mutex(State())

    init(_ configuration: UnboundConfiguration) throws {
        guard let context = ub_ctx_create() else { throw UnboundError(description: "libunbound: no memory") }
        let wake = eventfd(0, Int32(O_CLOEXEC | O_NONBLOCK))
        do {
            guard wake >= 0 else { throw UnboundError(description: "eventfd: \(String(cString: strerror(errno)))") }
            try Self.configure(context, configuration)
        } catch {
            ub_ctx_delete(context)
            if wake >= 0 { Glibc.close(wake) }
            throw error
        }
        (self.context, self.wakeDescriptor, self.configuration) = (context, wake, configuration)
    }

    private static func configure(_ context: OpaquePointer, _ configuration: UnboundConfiguration) throws {
        func check(_ status: Int32, _ what: String) throws {
            guard status == 0 else {
                throw UnboundError(description: "libunbound: \(what): \(String(cString: ub_strerror(status)))")
            }
        }
        let unit = max(64 << 10, configuration.cacheBytes / 8)
        var options: [(String, String)] = [
            ("msg-cache-size:", "\(unit)"), ("rrset-cache-size:", "\(unit * 4)"), ("key-cache-size:", "\(unit * 2)"),
            ("neg-cache-size:", "\(unit / 2)"), ("msg-cache-slabs:", "1"), ("rrset-cache-slabs:", "1"),
            ("key-cache-slabs:", "1"), ("infra-cache-slabs:", "1"), ("infra-cache-numhosts:", "2000"),
            ("cache-max-negative-ttl:", "300"), ("outgoing-range:", "512"), ("num-queries-per-thread:", "512"),
        ]
        if configuration.isForwardLoopback { options.append(("do-not-query-localhost:", "no")) }
        for (name, value) in options { try check(ub_ctx_set_option(context, name, value), "\(name) \(value)") }
        if let file = configuration.anchorFile {
            guard access(file, R_OK) == 0 else { throw UnboundError(description: "cannot read anchors: \(file)") }
            try check(ub_ctx_add_ta_file(context, file), file)
        }
        if let forward = configuration.forward { try check(ub_ctx_set_fwd(context, forward), "forward \(forward)") }
        try check(ub_ctx_async(context, 1), "thread")
        // A chosen forwarder may know names that libunbound would answer itself (RFC 6761, RFC 6303). This finalizes
        // the context, so nothing can be set after it.
        guard configuration.forward != nil else { return }
        let reverse = ["10", "168.192", "254.169", "127"] + (16...31).map { "\($0).172" }
        let names = ["test.", "invalid.", "localhost."] + reverse.map { "\($0).in-addr.arpa." }
        for name in names { try check(ub_ctx_zone_remove(context, name), "zone \(name)") }
    }

    func start() {
        let thread = Thread { self.poll() }
        thread.name = "dns"
        thread.stackSize = 512 << 10
        thread.start()
    }

    func stop() {
        state.withLock { $0.isStopped = true }
        wake()
    }

    func submit(_ query: UnboundQuery, _ continuation: CheckedContinuation<DNSAnswer<[UInt8]>, Never>) {
        let refused: String? = state.withLock { state in
            if query.stage == .over { return "cancelled" }
            query.stage = .over
            if state.isStopped { return "stopped" }
            query.deadline = .now + configuration.timeout
            let isQuiet = state.running.isEmpty && state.waiting.isEmpty
            if state.running.count < configuration.queriesInFlight {
                if let error = run(query, &state) { return error }
            } else {
                guard state.waiting.count < configuration.queriesWaiting else { return "too many queries" }
                query.stage = .waiting
                state.waiting.append(query)
            }
            query.continuation = continuation
            if isQuiet { wake() }
            return nil
        }
        if let refused { continuation.resume(returning: .temporaryFailure(refused)) }
    }

    /// Gives the query to libunbound; the callback cannot finish it before we let go of the lock.
    private func run(_ query: UnboundQuery, _ state: inout State) -> String? {
        let held = Unmanaged.passRetained(query)
        let status = ub_resolve_async(
            context, query.name, Int32(query.type.rawValue), 1, held.toOpaque(), answered, &query.id)
        guard status == 0 else {
            held.release()
            return String(cString: ub_strerror(status))
        }
        query.stage = .running
        state.running[ObjectIdentifier(query)] = query
        return nil
    }

    /// Ends a query before its answer.
    func abandon(_ query: UnboundQuery, _ why: String) {
        let continuation = state.withLock { state in
            if query.stage == .running, !state.isStopped, ub_cancel(context, query.id) == 0 {
                Unmanaged.passUnretained(query).release()
            }
            return close(query, &state)
        }
        continuation?.resume(returning: .temporaryFailure(why))
        next()
    }

    fileprivate func finish(_ query: UnboundQuery, _ answer: DNSAnswer<[UInt8]>) {
        state.withLock { close(query, &$0) }?.resume(returning: answer)
        next()
    }

    private func close(_ query: UnboundQuery, _ state: inout State) -> CheckedContinuation<DNSAnswer<[UInt8]>, Never>? {
        if query.stage == .running { state.running[ObjectIdentifier(query)] = nil }
        if query.stage == .waiting { state.waiting.removeAll { $0 === query } }
        query.stage = .over
        defer { query.continuation = nil }
        return query.continuation
    }

    /// Starts those who wait while there is room.
    private func next() {
        let failed = state.withLock { state in
            var failed: [(CheckedContinuation<DNSAnswer<[UInt8]>, Never>?, String)] = []
            while !state.isStopped, !state.waiting.isEmpty, state.running.count < configuration.queriesInFlight {
                let query = state.waiting.removeFirst()
                query.stage = .over
                if let error = run(query, &state) { failed.append((close(query, &state), error)) }
            }
            return failed
        }
        for (continuation, error) in failed { continuation?.resume(returning: .temporaryFailure(error)) }
    }

    private func wake() {
        var one: UInt64 = 1
        _ = write(wakeDescriptor, &one, 8)
    }

    // MARK: - The thread

    private func poll() {
        var descriptors = [
            pollfd(fd: ub_fd(context), events: Int16(POLLIN), revents: 0),
            pollfd(fd: wakeDescriptor, events: Int16(POLLIN), revents: 0),
        ]
        while true {
            let (isStopped, isBusy) = state.withLock { ($0.isStopped, !$0.running.isEmpty || !$0.waiting.isEmpty) }
            if isStopped { break }
            _ = Glibc.poll(&descriptors, 2, isBusy ? 200 : -1)
            if descriptors[1].revents != 0 {
                var count: UInt64 = 0
                _ = read(wakeDescriptor, &count, 8)
            }
            if descriptors[0].revents != 0, ub_process(context) != 0 { stop() }
            expire()
        }
        finishAll()
    }

    private func expire() {
        let now = ContinuousClock.now
        let late = state.withLock { state in
            (Array(state.running.values) + state.waiting).filter { $0.deadline <= now }
        }
        for query in late { abandon(query, "no answer in time") }
    }

    /// No callback comes after `ub_ctx_delete`: what libunbound still held is ours to release.
    private func finishAll() {
        ub_ctx_delete(context)
        let continuations = state.withLock { state in
            let running = Array(state.running.values)
            let open = (running + state.waiting).map { close($0, &state) }
            for query in running { Unmanaged.passUnretained(query).release() }
            return open
        }
        for continuation in continuations { continuation?.resume(returning: .temporaryFailure("stopped")) }
        Glibc.close(wakeDescriptor)
    }
}

/// Called by `ub_process`, so on our thread and without the lock.
private let answered: ub_callback_type = { pointer, error, result in
    guard let pointer else { return }
    let query = Unmanaged<UnboundQuery>.fromOpaque(pointer).takeRetainedValue()
    let answer = DNSAnswer(error, result)
    if let result { ub_resolve_free(result) }
    query.engine.finish(query, answer)
}
