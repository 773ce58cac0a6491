// SPDX-License-Identifier: Apache-2.0

import Configuration
import Foundation
import Logging
import NIOCore
import ServiceKit
import TestSupport
import Testing

@testable import SMTPServer

/// Over a real socket, with openssl's client as the other side of TLS.
@Suite struct SocketTests {
    /// A server on a free loopback port for the time of `body`.
    private func withServer(
        _ role: SessionRole, _ backend: TableBackend, _ body: @Sendable (_ port: Int, _ ca: String) async throws -> Void
    ) async throws {
        let folder = try TemporaryFolder()
        let (certificate, key) = (folder.file("c.pem"), folder.file("k.pem"))
        _ = try await Self.run(
            "openssl",
            [
                "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", key, "-out",
                certificate,
            ])
        var reader = SettingReader(
            ConfigReader(
                provider: InMemoryProvider(values: [
                    "data": .init(stringLiteral: folder.path), "keys": .init(stringLiteral: folder.path),
                    "hostname": "mx.example.org", "bind": "127.0.0.1",
                ])))
        let configuration = ServiceConfiguration(&reader)
        #expect(reader.mistakes.isEmpty)
        let logger = Logger(label: "test")
        let loop = ConnectionLoop(hostname: "mx.example.org", role: role, memory: MessageMemory(limit: 64 << 20)) { _ in
            backend
        }
        let (ports, found) = AsyncStream.makeStream(of: Int.self)
        let server = ConnectionServer(
            configuration: configuration,
            listeners: [Listener(name: "smtp", port: 0, security: role == .submissions ? .implicit : .startTLS)],
            certificates: try TLSCertificates(certificate: certificate, key: key, logger: logger), logger: logger,
            busyLine: { _ in ConnectionLoop.busyLine }, bound: { found.yield($0["smtp"] ?? 0) }
        ) { try await loop.run($0) }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await server.run() }
            let port = try #require(await ports.first { _ in true })
            try await body(port, certificate)
            group.cancelAll()
            do { try await group.waitForAll() } catch {}
        }
    }

    /// Away from the tasks' threads: waiting for a process must not keep the server from running.
    private static func run(_ program: String, _ arguments: [String]) async throws -> String {
        try await withCheckedThrowingContinuation { done in
            DispatchQueue.global().async { done.resume(with: Result { try runNow(program, arguments) }) }
        }
    }

    private static func runNow(_ program: String, _ arguments: [String]) throws -> String {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [program] + arguments
        let stdout = Pipe()
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = stdout
        process.standardError = FileHandle.nullDevice
        try process.run()
        let output = try stdout.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        return String(decoding: output, as: UTF8.self)
    }

    private static let client = """
        import socket, ssl, sys
        mode, port, ca = sys.argv[1], int(sys.argv[2]), sys.argv[3]
        context = ssl.create_default_context(cafile=ca)
        raw = socket.create_connection(("127.0.0.1", port), 30)
        if mode == "implicit":
            raw = context.wrap_socket(raw, server_hostname="localhost")
        def reply():
            text = b""
            while True:
                line = b""
                while not line.endswith(b"\\n"):
                    octet = raw.recv(1)
                    if not octet:
                        return text + b"<closed>"
                    line += octet
                text += line
                if line[3:4] == b" ":
                    return text
        def say(octets):
            raw.sendall(octets)
            answer = reply()
            print(answer.decode(), end="", flush=True)
            return answer
        print(reply().decode(), end="")
        if mode != "implicit":
            say(b"EHLO x\\r\\n")
        if mode == "inject":
            say(b"STARTTLS\\r\\nEHLO y\\r\\nRSET\\r\\nMAIL FROM:<>\\r\\n")
        elif mode == "starttls":
            say(b"STARTTLS\\r\\n")
        if mode in ("inject", "starttls"):
            raw = context.wrap_socket(raw, server_hostname="localhost")
        print("--- TLS")
        if mode == "inject":
            say(b"MAIL FROM:<>\\r\\n")
        say(b"EHLO x\\r\\n")
        say(b"AUTH PLAIN AGFubmFAZXhhbXBsZS5vcmcAc2VjcmV0LTE=\\r\\n")
        say(b"MAIL FROM:<anna@example.org>\\r\\n")
        say(b"RCPT TO:<bob@example.org>\\r\\n")
        say(b"DATA\\r\\n")
        say(b"Subject: x\\r\\n\\r\\n" + b"y" * 300000 + b"\\r\\n.\\r\\n")
        say(b"QUIT\\r\\n")
        """

    private func talk(_ mode: String, _ port: Int, _ ca: String) async throws -> (clear: [String], tls: [String]) {
        let output = try await Self.run("python3", ["-c", Self.client, mode, "\(port)", ca])
        let halves = output.split(separator: "--- TLS\n", omittingEmptySubsequences: false)
        let codes = halves.map { half in
            half.split(whereSeparator: \.isNewline).filter { $0.dropFirst(3).first == " " }.map { String($0.prefix(3)) }
        }
        return (codes[0], codes.count > 1 ? codes[1] : [])
    }

    @Test func starttlsAndLogin() async throws {
        let backend = TableBackend()
        try await withServer(.submission, backend) { port, ca in
            let (clear, tls) = try await talk("starttls", port, ca)
            #expect(clear == ["220", "250", "220"])
            #expect(tls == ["250", "235", "250", "250", "354", "250", "221"])
        }
        #expect(backend.messages.first?.count == 300_016)
    }

    @Test func injectedClearTextDoesNotSurviveTheHandshake() async throws {
        let backend = TableBackend()
        try await withServer(.submission, backend) { port, ca in
            let (clear, tls) = try await talk("inject", port, ca)
            #expect(clear == ["220", "250", "220"])
            // No answer to what was injected, and the EHLO before the handshake is forgotten.
            #expect(tls == ["503", "250", "235", "250", "250", "354", "250", "221"])
        }
    }

    @Test func implicitTLS() async throws {
        let backend = TableBackend()
        try await withServer(.submissions, backend) { port, ca in
            let (clear, tls) = try await talk("implicit", port, ca)
            #expect(clear == ["220"])
            #expect(tls == ["250", "235", "250", "250", "354", "250", "221"])
        }
    }
}
