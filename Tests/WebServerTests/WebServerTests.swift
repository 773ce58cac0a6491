// SPDX-License-Identifier: Apache-2.0
import Configuration
import Dispatch
import Foundation
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import ServiceKit
import ServiceLifecycle
import TestSupport
import Testing

@testable import WebServer

/// Over real sockets, with curl and bash as clients.
@Suite(.timeLimit(.minutes(1))) struct WebServerTests {
    private struct Oops: Error {}

    /// A router with a few paths on a free loopback port for the time of `body`, which gets the port and a way to stop.
    private func withServer(
        proxies: String? = nil, limits: WebLimits = WebLimits(), certificates: TLSCertificates? = nil,
        _ body: @escaping @Sendable (_ port: Int, _ stop: @Sendable () async -> Void) async throws -> Void
    ) async throws {
        let folder = try TemporaryFolder()
        var values: [AbsoluteConfigKey: ConfigValue] = [
            "data": .init(stringLiteral: folder.path), "keys": .init(stringLiteral: folder.path),
            "hostname": "dav.example.org", "bind": "127.0.0.1",
        ]
        if let proxies { values["trusted.proxies"] = .init(stringLiteral: proxies) }
        var reader = SettingReader(ConfigReader(provider: InMemoryProvider(values: values)))
        let configuration = ServiceConfiguration(&reader)
        try #require(reader.mistakes.isEmpty)
        let router = Router(context: WebContext.self)
        router.get("/hello") { _, context in "hello \(context.peer.ip) \(context.isTLS)" }
        router.post("/echo") { request, _ in
            Response(status: .ok, body: .init(byteBuffer: try await request.body.collect(upTo: 1_000)))
        }
        router.get("/fail") { _, _ -> String in throw Oops() }
        let (released, release) = AsyncStream.makeStream(of: Void.self)
        router.get("/wait") { _, _ in
            for await _ in released { break }
            return "released"
        }
        router.get("/release") { _, _ in
            release.yield()
            return ""
        }
        let (ports, found) = AsyncStream.makeStream(of: Int.self)
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let server = WebServer(
            configuration: configuration,
            listeners: [Listener(name: "web", port: 0, security: certificates == nil ? .startTLS : .implicit)],
            certificates: certificates, limits: limits, logger: logger, bound: { found.yield($0["web"] ?? 0) },
            responder: router.buildResponder())
        let group = ServiceGroup(services: [server], logger: logger)
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            let port = try #require(await ports.first { _ in true })
            try await body(port) { await group.triggerGracefulShutdown() }
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
        }
    }

    /// Away from the tasks' threads: waiting for a process must not keep the server from running.
    private func run(_ program: String, _ arguments: [String], input: String = "") async throws -> String {
        try await withCheckedThrowingContinuation { done in
            DispatchQueue.global().async {
                done.resume(with: Result { try Program.run(program, arguments, input: input) })
            }
        }
    }

    private func curl(_ port: Int, _ path: String, _ arguments: String...) async throws -> String {
        try await run("curl", ["-s", "-S", "--max-time", "20"] + arguments + ["http://127.0.0.1:\(port)\(path)"])
    }

    /// Sends octets as printf writes them; what comes back until the server closes.
    private func raw(_ port: Int, _ octets: String) async throws -> String {
        try await run(
            "bash", ["-c", "exec 3<>/dev/tcp/127.0.0.1/\(port); printf '\(octets)' >&3; timeout 20 cat <&3"])
    }

    @Test func aRequestIsAnswered() async throws {
        try await withServer { port, _ in
            #expect(try await curl(port, "/hello") == "hello 127.0.0.1 false")
            let twice = try await run(
                "curl",
                ["-s", "http://127.0.0.1:\(port)/hello", "http://127.0.0.1:\(port)/hello", "-w", "%{num_connects},"])
            #expect(twice == "hello 127.0.0.1 false1,hello 127.0.0.1 false0,")
            #expect(try await curl(port, "/none", "-o", "/dev/null", "-w", "%{http_code}") == "404")
            #expect(try await curl(port, "/fail", "-w", "%{http_code}") == "500")
            let head = try await curl(port, "/hello", "-i")
            #expect(head.contains("\r\nDate: ") && head.contains(" GMT\r\n"))
        }
    }

    @Test func aBodyHasItsLimit() async throws {
        try await withServer { port, _ in
            let answer = try await curl(port, "/echo", "-d", "some text")
            #expect(answer == "some text")
            let large = String(repeating: "x", count: 5_000)
            #expect(try await curl(port, "/echo", "-d", large, "-o", "/dev/null", "-w", "%{http_code}") == "413")
        }
    }

    /// curl waits for the word to go on before it sends; a minute, here.
    @Test func whoExpectsToBeToldToGoOnIsTold() async throws {
        try await withServer { port, _ in
            let expecting = ["-H", "Expect: 100-continue", "--expect100-timeout", "60", "-d", "some text"]
            let twice = ["http://127.0.0.1:\(port)/echo", "http://127.0.0.1:\(port)/echo"]
            let answer = try await run(
                "curl", ["-s", "-S", "--max-time", "20", "-w", "%{num_connects},"] + expecting + twice)
            #expect(answer == "some text1,some text0,")
            // What is refused without its body is told at once, and ends the connection.
            let refused = try await raw(
                port, "POST /none HTTP/1.1\\r\\nHost: x\\r\\nExpect: 100-continue\\r\\nContent-Length: 9\\r\\n\\r\\n")
            #expect(refused.hasPrefix("HTTP/1.1 404") && !refused.contains(" 100 "))
        }
    }

    @Test func aHeaderHasItsLimit() async throws {
        try await withServer { port, _ in
            let large = "X-Large: " + String(repeating: "x", count: 40_000)
            let status = try await curl(port, "/hello", "-H", large, "-o", "/dev/null", "-w", "%{http_code}")
            #expect(status == "431" || status == "400")
            #expect(try await curl(port, "/hello") == "hello 127.0.0.1 false")
        }
    }

    @Test func whatIsNoHTTPEndsItsConnectionAlone() async throws {
        try await withServer { port, _ in
            let answer = try await raw(port, "EHLO there\\r\\n\\r\\n")
            #expect(answer.isEmpty || answer.hasPrefix("HTTP/1.1 400"))
            #expect(try await curl(port, "/hello") == "hello 127.0.0.1 false")
        }
    }

    @Test func behindAProxyTheClientIsTheOneThatItNames() async throws {
        let header =
            "\\r\\n\\r\\n\\0\\r\\nQUIT\\n\\x21\\x11\\0\\x0c\\xc0\\0\\x02\\x07\\x7f\\0\\0\\x01\\x10\\x01\\0\\x50"
        try await withServer(proxies: "127.0.0.1") { port, _ in
            let answer = try await raw(
                port, header + "GET /hello HTTP/1.1\\r\\nHost: x\\r\\nConnection: close\\r\\n\\r\\n")
            #expect(answer.hasSuffix("hello 192.0.2.7 false"))
            // It must name one.
            #expect(try await raw(port, "GET /hello HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n").isEmpty)
        }
    }

    @Test func anAddressHasItsShareOfConnections() async throws {
        var limits = WebLimits()
        limits.connections.perAddress = 2
        try await withServer(limits: limits) { port, _ in
            let script = """
                exec 3<>/dev/tcp/127.0.0.1/\(port) 4<>/dev/tcp/127.0.0.1/\(port)
                for n in 3 4; do printf 'GET /hello HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n' >&$n; read -r line <&$n; echo "$line"; done
                exec 5<>/dev/tcp/127.0.0.1/\(port)
                timeout 20 cat <&5
                """
            let answers = try await run("bash", ["-c", script])
            #expect(answers == "HTTP/1.1 200 OK\r\nHTTP/1.1 200 OK\r\n")
        }
    }

    @Test func silenceEnds() async throws {
        var limits = WebLimits()
        limits.idle = .milliseconds(100)
        try await withServer(limits: limits) { port, _ in
            let answer = try await raw(port, "")
            #expect(answer.isEmpty)
            #expect(try await raw(port, "GET /hello HTTP/1.1\\r\\nHost: ").isEmpty)
        }
    }

    /// The idle limit is a minute here. By when the second request's time is over, so is the first one's, which is whole.
    @Test func aRequestMustBeWholeInTimeButItsAnswerMayTakeLonger() async throws {
        var limits = WebLimits()
        limits.request = .milliseconds(300)
        try await withServer(limits: limits) { port, _ in
            let script = """
                exec 3<>/dev/tcp/127.0.0.1/\(port) 4<>/dev/tcp/127.0.0.1/\(port) 5<>/dev/tcp/127.0.0.1/\(port)
                printf 'GET /wait HTTP/1.1\\r\\nHost: x\\r\\nConnection: close\\r\\n\\r\\n' >&3
                printf 'POST /echo HTTP/1.1\\r\\nHost: x\\r\\nContent-Length: 9\\r\\n\\r\\nsome' >&4
                printf 'GET /hello HTTP/1.1\\r\\nHost: ' >&5
                timeout 20 cat <&4 >/dev/null; echo "body $?"
                timeout 20 cat <&5 >/dev/null; echo "header $?"
                curl -s http://127.0.0.1:\(port)/release
                timeout 20 cat <&3 | tail -n 1
                """
            let said = try await run("bash", ["-c", script])
            #expect(said == "body 0\nheader 0\nreleased")
        }
    }

    @Test func stoppingClosesWhatIsIdle() async throws {
        try await withServer { port, stop in
            async let answer = raw(port, "GET /hello HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n")
            _ = try await curl(port, "/hello")
            await stop()
            let text = try await answer
            #expect(text.isEmpty || text.hasSuffix("hello 127.0.0.1 false"))
        }
    }

    @Test func underTLSItSaysSo() async throws {
        let folder = try TemporaryFolder()
        let (certificate, key) = (folder.file("c.pem"), folder.file("k.pem"))
        _ = try await run(
            "openssl",
            [
                "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate,
            ])
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        try await withServer(
            certificates: try TLSCertificates(certificate: certificate, key: key, logger: logger)
        ) { port, _ in
            let answer = try await run("curl", ["-s", "--cacert", certificate, "https://127.0.0.1:\(port)/hello"])
            #expect(answer == "hello 127.0.0.1 true")
        }
    }

    @Test func datesAreWrittenAsHTTPWantsThem() {
        #expect(HTTPDate.text(Date(timeIntervalSince1970: 784_111_777)) == "Sun, 06 Nov 1994 08:49:37 GMT")
    }
}
