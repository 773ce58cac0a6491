// SPDX-License-Identifier: Apache-2.0
import Logging
import NIOCore
import ServiceLifecycle
import TestSupport
import Testing

@testable import ServiceKit

@Suite(.timeLimit(.minutes(1))) struct HealthProbeTests {
    @Test func itReadsWhatAHealthServerSays() async throws {
        let port = try FreePort.find()
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let server = HealthServer(
            bind: ["127.0.0.1"], port: port,
            checks: [
                ReadinessCheck("store", problem: { "it is \"full\"" }), ReadinessCheck("redis", problem: { nil }),
            ], metrics: PrometheusMetrics(), logger: logger)
        let group = ServiceGroup(services: [server], logger: logger)
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            var found = try await HealthProbe.ask("http://127.0.0.1:\(port)")
            while found[0].problem != nil { found = try await HealthProbe.ask("http://127.0.0.1:\(port)") }
            #expect(
                found == [
                    ReplicaHealth(
                        address: "127.0.0.1:\(port)", isReady: false,
                        checks: [
                            ReplicaHealth.Check(name: "redis", state: "ok"),
                            ReplicaHealth.Check(name: "store", state: "it is \"full\""),
                        ], problem: nil)
                ])
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
        }
    }

    @Test func whoIsAwayIsSaidToBeAway() async throws {
        let found = try await HealthProbe.ask("http://127.0.0.1:\(try FreePort.find())")
        #expect(found.map(\.isReady) == [false] && found[0].problem == "Connection refused")
        for url in ["https://127.0.0.1", "x", "http://", "http://name.invalid:8080", "http://127.0.0.1:99999"] {
            await #expect(throws: HealthProbe.Failure.self) { try await HealthProbe.ask(url) }
        }
    }

    @Test(arguments: ["", "HTTP/1.1 200 OK\r\n\r\n{", "SSH-2.0-x\r\n", "HTTP/1.1 200 OK\r\n\r\n{\"ready\":1}"])
    func otherAnswersAreNoHealth(answer: String) {
        let replica = HealthProbe.read(ByteBuffer(string: answer), of: "x")
        #expect(!replica.isReady && replica.problem != nil)
    }
}
