// SPDX-License-Identifier: Apache-2.0
import Foundation
import NIOCore
import NIOPosix

/// What one running instance of a service says about itself.
package struct ReplicaHealth: Sendable, Equatable {
    package struct Check: Sendable, Equatable {
        package let name: String
        /// `ok`, or what is wrong in a few words.
        package let state: String
        package var isWell: Bool { state == "ok" }
    }

    /// As in `172.31.250.7:8080`.
    package let address: String
    package let isReady: Bool
    /// By name.
    package let checks: [Check]
    /// Why there was no answer to understand; `nil` when there was one.
    package let problem: String?
}

/// Asks the `HealthServer`s of other processes.
package enum HealthProbe {
    /// For connecting, and again for the answer.
    static let wait = TimeAmount.seconds(3)
    static let answerBytes = 64 * 1024
    /// Addresses of one name that are asked.
    static let replicas = 16

    package struct Failure: Error, CustomStringConvertible {
        package let description: String
    }

    /// Asks `/health/ready` at every address that the host of `url` (as in `http://mail-access:8080`) has: behind one name
    /// may be several replicas. Never empty. Throws `Failure` when the address is none or the name has none.
    package static func ask(_ url: String) async throws(Failure) -> [ReplicaHealth] {
        guard let parts = URLComponents(string: url), parts.scheme == "http", let host = parts.host, !host.isEmpty
        else {
            throw Failure(description: "\(url) is not an http address such as http://127.0.0.1:8080")
        }
        guard let port = UInt16(exactly: parts.port ?? 80) else { throw Failure(description: "\(url): no such port") }
        let bare = host.hasPrefix("[") ? String(host.dropFirst().dropLast()) : host
        let addresses: [SocketAddress]
        do { addresses = try await NIOThreadPool.singleton.runIfActive { try self.addresses(bare, port) } } catch {
            throw Failure(description: "\(host): \(error)")
        }
        return await withTaskGroup { group in
            for (index, address) in addresses.prefix(replicas).enumerated() {
                group.addTask { (index, await ask(address)) }
            }
            var found: [(Int, ReplicaHealth)] = []
            for await answer in group { found.append(answer) }
            return found.sorted { $0.0 < $1.0 }.map(\.1)
        }
    }

    private static func addresses(_ host: String, _ port: UInt16) throws -> [SocketAddress] {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        let code = getaddrinfo(host, String(port), &hints, &list)
        guard code == 0, let list else { throw Failure(description: String(cString: gai_strerror(code))) }
        defer { freeaddrinfo(list) }
        return sequence(first: list, next: { $0.pointee.ai_next }).compactMap { entry in
            guard let address = entry.pointee.ai_addr else { return nil }
            switch entry.pointee.ai_family {
            case AF_INET:
                return address.withMemoryRebound(to: sockaddr_in.self, capacity: 1) { SocketAddress($0.pointee) }
            case AF_INET6:
                return address.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) { SocketAddress($0.pointee) }
            default: return nil
            }
        }
    }

    private static func ask(_ address: SocketAddress) async -> ReplicaHealth {
        let name = text(address)
        do {
            let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .connectTimeout(wait).connect(to: address) { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
                    }
                }
            let end = channel.channel.eventLoop.scheduleTask(in: wait) { channel.channel.close(promise: nil) }
            defer { end.cancel() }
            var answer = ByteBuffer()
            // The answer ends with the connection (`HealthServer`).
            try await channel.executeThenClose { inbound, outbound in
                try await outbound.write(
                    ByteBuffer(string: "GET /health/ready HTTP/1.1\r\nHost: \(name)\r\nConnection: close\r\n\r\n"))
                for try await var part in inbound {
                    answer.writeBuffer(&part)
                    if answer.readableBytes > answerBytes { break }
                }
            }
            return read(answer, of: name)
        } catch {
            return ReplicaHealth(address: name, isReady: false, checks: [], problem: words(error))
        }
    }

    static func read(_ answer: ByteBuffer, of name: String) -> ReplicaHealth {
        struct Body: Decodable {
            let ready: Bool
            let checks: [String: String]
        }
        let text = String(buffer: answer)
        guard let end = text.range(of: "\r\n\r\n"),
            let body = try? JSONDecoder().decode(Body.self, from: Data(text[end.upperBound...].utf8))
        else {
            let line = text.prefix { !$0.isNewline }.prefix(100)
            return ReplicaHealth(
                address: name, isReady: false, checks: [],
                problem: line.isEmpty ? "no answer within 3 s" : "an answer of another kind: \(line)")
        }
        return ReplicaHealth(
            address: name, isReady: body.ready,
            checks: body.checks.sorted { $0.key < $1.key }.map { ReplicaHealth.Check(name: $0.key, state: $0.value) },
            problem: nil)
    }

    private static func text(_ address: SocketAddress) -> String {
        let ip = address.ipAddress ?? "?"
        return (ip.contains(":") ? "[\(ip)]" : ip) + ":\(address.port ?? 0)"
    }

    private static func words(_ error: any Error) -> String {
        if let error = error as? IOError { return String(cString: strerror(error.errnoCode)) }
        if case ChannelError.connectTimeout = error { return "no connection within 3 s" }
        return "\(error)"
    }
}
