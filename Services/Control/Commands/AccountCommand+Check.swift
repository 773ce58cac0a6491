// SPDX-License-Identifier: Apache-2.0
import Accounts
import ArgumentParser
import Foundation
import MailStore

extension AccountCommand {
    struct Check: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Examines the files of accounts: every page, every message; leaves with 1 when one is damaged.",
            discussion: """
                Works beside the services and changes nothing. Each page's tag is checked, then SQLite's own structure, then
                what must hold between messages, mailboxes and their figures. A zero-access account needs its password or
                its recovery key for that; without them it is said to be closed, and only the file is examined in which its
                sealed mail waits.

                EXAMPLE
                  mailkeep account check anna@example.org
                  mailkeep account check --all --json
                """)

        @OptionGroup var store: StoreOptions
        @Argument(help: "name@domain") var addresses: [String] = []
        @Flag(help: "Every account.") var all = false
        @Flag(help: "Also the search index; no mail is delivered to the account meanwhile, it waits in the spool.")
        var searchIndex = false
        @Flag(help: "Print JSON.") var json = false
        @OptionGroup var owner: OwnerOptions

        private struct Line: Encodable {
            let address, id: String
            /// A zero-access account that was not opened: nothing is known of its file.
            var closed = false
            var sound: Bool
            let messages, bytes: Int
            /// Of a zero-access account: messages that wait to be filed.
            var waiting: Int?
            var findings: [String]
        }

        func validate() throws {
            if all != addresses.isEmpty { throw ValidationError("name accounts, or say --all") }
            guard addresses.count == 1 || !owner.isGiven else {
                throw ValidationError("a password or recovery key is that of one account: name it alone")
            }
        }

        func run() async throws {
            let directory = try store.directory([.accounts])
            let files = AccountDirectory(
                root: try store.accountsFolder(), limit: 1, arrivals: { try await directory.arrivals(of: $0) },
                keys: { try directory.fileKey(of: $0) })
            var accounts: [AccountRecord] = []
            if all { accounts = try await directory.accounts() }
            for address in addresses { accounts.append(try await directory.account(address)) }
            var lines: [Line] = []
            for account in accounts {
                let line = try await look(account, files, directory)
                lines.append(line)
                if !json { tell(line) }
            }
            await files.close()
            if json { try JSONOption.print(lines) }
            let damaged = lines.filter { !$0.sound && (!$0.closed || !$0.findings.isEmpty) }
            guard damaged.isEmpty else {
                say(
                    "\(damaged.count) of \(lines.count) damaged. Without a backup, what can still be read is saved by: "
                        + "mailkeep account salvage \(damaged[0].address) --output FILE")
                throw ExitCode.failure
            }
        }

        /// Of many accounts, no password is asked for.
        private func look(
            _ account: AccountRecord, _ files: AccountDirectory, _ directory: Directory
        ) async throws -> Line {
            guard account.isZeroAccess else { return await check(account, files) }
            var line = Line(
                address: account.address, id: account.id.description, closed: true, sound: false, messages: 0, bytes: 0,
                findings: [])
            if addresses.count == 1, let secret = try owner.secret(of: account) {
                let hold = try await directory.hold(account.address, with: secret)
                defer { hold.release() }
                line = await check(account, files)
            }
            await checkArrivals(of: account, files, &line)
            return line
        }

        private func checkArrivals(of account: AccountRecord, _ files: AccountDirectory, _ line: inout Line) async {
            do throws(StoreError) {
                guard let arrivals = try await files.arrivals(of: account.id) else { return }
                line.findings += try await arrivals.check()
                line.waiting = try await arrivals.state().waiting
            } catch {
                line.findings.append("sealed arrivals: \(error.sentence)")
            }
            if !line.findings.isEmpty { line.sound = false }
        }

        private func check(_ account: AccountRecord, _ files: AccountDirectory) async -> Line {
            let progress = Progress(account.address)
            defer { progress.end() }
            do throws(StoreError) {
                let report = try await files.store(for: account.id).check(searchIndex: searchIndex) { done, count in
                    progress.tell(done, of: count)
                }
                var findings = report.findings
                if report.findingsLeftOut > 0 { findings.append("and \(report.findingsLeftOut) more") }
                return Line(
                    address: account.address, id: account.id.description, sound: report.isSound,
                    messages: report.messages, bytes: report.bytes, findings: findings)
            } catch {
                return Line(
                    address: account.address, id: account.id.description, sound: false, messages: 0, bytes: 0,
                    findings: [error.sentence])
            }
        }

        private func tell(_ line: Line) {
            let waiting = line.waiting.map { ", \($0) wait sealed" } ?? ""
            if line.closed {
                print(
                    "\(line.address): closed, not examined (a zero-access account; with --own-password-file it is)\(waiting)"
                )
            } else {
                let size = bytesText(Int64(line.bytes))
                print(
                    "\(line.address): \(line.sound ? "sound" : "DAMAGED"), \(line.messages) messages, \(size)\(waiting)"
                )
            }
            for finding in line.findings { print("  \(finding)") }
        }
    }
}

extension StoreError {
    /// For an operator.
    var sentence: String {
        switch self {
        case .noSuchAccount: "the file is not there; restore it from a backup"
        case .keyUnavailable: "its key cannot be had"
        case .tooNew: "the file was changed by a later release: upgrade this program"
        case .busy: "the file is busy: try again"
        case .diskFull: "the disk is full"
        case .damaged: "the file cannot be read"
        case .unavailable(let reason): reason
        default: "\(self)"
        }
    }
}
