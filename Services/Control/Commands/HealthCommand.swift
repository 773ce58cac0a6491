// SPDX-License-Identifier: Apache-2.0
import Accounts
import ArgumentParser
import Foundation
import OutgoingQueue
import ServiceKit

struct HealthCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "health", abstract: "Checks the store, Redis and services; leaves with 1 when something is wrong.",
        discussion: """
            The store: config.db and spool.db open and are sound, each account has its file. Redis: when its
            host is told (MAILKEEP_REDIS_HOST or --redis-host). Services: /health/ready of each --service,
            at every address that its host name has.

            EXAMPLE
              mailkeep health --service http://127.0.0.1:8080 --json
            """)

    @OptionGroup var store: StoreOptions

    @Option(help: ArgumentHelp("Base address of a service's health port; may be repeated.", valueName: "url"))
    var service: [String] = []

    @OptionGroup var redisOptions: RedisOptions
    @Flag(help: "Print JSON.") var json = false

    private struct Check: Encodable {
        let name: String
        let ok: Bool
        let detail: String
    }

    func run() async throws {
        let folder = try store.dataFolder()
        var checks: [Check] = []
        checks.append(await check("config.db") { sound(try await store.directory().integrityProblems()) })
        checks.append(
            await check("spool.db") {
                sound(
                    try await StoreFile.spool.integrityProblems(
                        in: folder, keys: store.purposeKeys([.spool]), migrations: OutgoingQueue.migrations))
            })
        checks.append(await check("accounts") { try await accounts(in: folder + "/accounts") })
        if let host = redisOptions.host {
            checks.append(await check("redis") { try redis(host) })
        }
        for url in service { checks.append(await check(url) { try await ready(url) }) }
        if json {
            try JSONOption.print(checks)
        } else {
            Table(head: ["CHECK", "STATE", ""], rows: checks.map { [$0.name, $0.ok ? "ok" : "WRONG", $0.detail] })
                .print()
        }
        if !checks.allSatisfy(\.ok) { throw ExitCode.failure }
    }

    private func check(_ name: String, _ body: () async throws -> (Bool, String)) async -> Check {
        do {
            let (ok, detail) = try await body()
            return Check(name: name, ok: ok, detail: detail)
        } catch { return Check(name: name, ok: false, detail: String(describing: error)) }
    }

    private func sound(_ problems: [String]) -> (Bool, String) {
        (problems.isEmpty, problems.isEmpty ? "opens, integrity is sound" : problems.joined(separator: "; "))
    }

    private func accounts(in root: String) async throws -> (Bool, String) {
        // Files first: an account that is being added has its file before it is seen.
        let present = Set(
            ((try? FileManager.default.contentsOfDirectory(atPath: root)) ?? [])
                .filter { $0.hasSuffix(".db") && age(of: "\(root)/\($0)") > 60 }.map { String($0.prefix { $0 != "." }) }
        )
        let directory = try store.directory()
        let files = try await directory.currentFiles()
        let missing = files.values.filter { access($0.path(in: root), F_OK) != 0 }.map(\.description).sorted()
        let orphans = present.subtracting(try await directory.namedFiles().map(\.description)).sorted()
        var text = "\(files.count) account\(files.count == 1 ? "" : "s")"
        if !missing.isEmpty { text += "; file missing: \(missing.prefix(5).joined(separator: ", "))" }
        if !orphans.isEmpty {
            text +=
                "; of no account (left by a removal that was cut off, can be deleted): "
                + orphans.prefix(5).map { "\($0).db" }.joined(separator: ", ")
        }
        return (missing.isEmpty, text)
    }

    /// Seconds since the file was changed.
    private func age(of path: String) -> TimeInterval {
        let changed = (try? FileManager.default.attributesOfItem(atPath: path))?[.modificationDate] as? Date
        return changed.map { Date().timeIntervalSince($0) } ?? 0
    }

    private func redis(_ host: String) throws -> (Bool, String) {
        let port = try redisOptions.port()
        let connection = try PlainConnection(host: host, port: port)
        if let password = try redisOptions.password() {
            try connection.send(Data("*2\r\n$4\r\nAUTH\r\n$\(password.count)\r\n".utf8) + password + Data("\r\n".utf8))
            let answer = try connection.line()
            guard answer.hasPrefix("+OK") else { return (false, "\(host):\(port) refuses the password") }
        }
        try connection.send(Data("*1\r\n$4\r\nPING\r\n".utf8))
        let answer = try connection.line()
        return (answer == "+PONG", answer == "+PONG" ? "\(host):\(port) answers" : answer)
    }

    /// Every replica behind the address.
    private func ready(_ address: String) async throws -> (Bool, String) {
        let replicas = try await HealthProbe.ask(address)
        let words = replicas.map { replica in
            let wrong = replica.checks.filter { !$0.isWell }.map { "\($0.name): \($0.state)" }
            let state =
                replica.problem ?? ((replica.isReady ? "ready" : "not ready") + wrong.map { "; " + $0 }.joined())
            return replicas.count == 1 ? state : "\(replica.address) \(state)"
        }
        return (replicas.allSatisfy(\.isReady), words.joined(separator: ", "))
    }
}
