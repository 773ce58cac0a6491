// SPDX-License-Identifier: Apache-2.0
import Accounts
import Logging
import RedisStreams
import SASLMechanisms
import SealedSQLite
import Synchronization
import TestSupport
import Testing

@testable import Logins

@Suite(.timeLimit(.minutes(1))) struct LoginLinesTests {
    private final class Lines: Sendable {
        let all = Mutex<[String]>([])
    }

    private struct Keeper: LogHandler {
        let lines: Lines
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.trace

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) { lines.all.withLock { $0.append("\(event.level) \(event.message)") } }
    }

    @Test func oneLineTellsOfALoginThatIsRepeatedWithEachRequest() async throws {
        let folder = try TemporaryFolder()
        let directory = try Directory.create(dataFolder: folder.path, keys: PurposeKeys(master: .random()))
        defer { try? directory.close() }
        try await directory.addDomain("example.org", by: "test")
        for name in ["anna", "bert"] {
            try await directory.addAccount(
                "\(name)@example.org", password: SecretBytes("correct horse".utf8), by: "test", makeFile: { _, _ in })
        }
        let lines = Lines()
        let logger = Logger(label: "test") { _ in Keeper(lines: lines) }
        let redis = RedisClient(host: nil, port: 0, password: nil, logger: logger)
        let logins = Logins(directory: directory, counters: Counters(client: redis, hash: KeyedHash(secret: nil)))
        for (name, password) in [
            ("anna", "correct horse"), ("anna", "correct horse"), ("bert", "correct horse"), ("anna", "wrong horse"),
            ("anna", "correct horse"),
        ] {
            _ = await logins.check(
                SASLCredentials(login: "\(name)@example.org", password: Secret(password.utf8)), from: "192.0.2.1",
                logger: logger)
        }
        #expect(
            lines.all.withLock { $0 }.filter { $0.contains("login") } == [
                "info login", "debug login", "info login", "notice login failed", "debug login",
            ])
    }
}
