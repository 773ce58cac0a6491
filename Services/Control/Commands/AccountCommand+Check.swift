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
                Works beside the services and changes nothing in the accounts. Each page's tag is checked, then SQLite's own
                structure, then what must hold between messages, mailboxes and their figures. A zero-access account needs
                its password or its recovery key for that. Without them it is closed: every page is read and the log's chain
                of checksums followed; the whole check is made when its owner logs in next by IMAP or POP3, and the next
                call tells what that found. The file in which its sealed mail waits is examined always.

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
            /// A zero-access account that was not opened: its pages were read without their tags.
            var closed = false
            var sound: Bool
            var messages = 0
            var bytes = 0
            /// Of a closed account: pages that were read, and when somebody with its key checked it last.
            var pages: Int?
            var checkedWhole: String?
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
            let damaged = lines.filter { !$0.sound }
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
            guard account.isZeroAccess else { return await check(account, files).line }
            let arrivals: Arrivals?
            do { arrivals = try await files.arrivals(of: account.id) } catch { arrivals = nil }
            var line: Line
            if addresses.count == 1, let secret = try owner.secret(of: account) {
                let hold = try await directory.hold(account.address, with: secret)
                defer { hold.release() }
                let found = await check(account, files)
                line = found.line
                if let report = found.report { try? await arrivals?.note(report) }
            } else {
                line = try checkClosed(account, directory)
                await tellWholeCheck(arrivals, &line)
            }
            await check(arrivals, &line)
            return line
        }

        private func checkClosed(_ account: AccountRecord, _ directory: Directory) throws -> Line {
            var line = Line(
                address: account.address, id: account.id.description, closed: true, sound: true, findings: [])
            let progress = Progress(account.address)
            defer { progress.end() }
            do {
                let path = try directory.currentFile(of: account.id).path(in: store.accountsFolder())
                let report = try AccountFile.checkClosed(path: path) { done, count in progress.tell(done, of: count) }
                (line.pages, line.bytes, line.findings) = (report.pages, report.bytes, report.findings)
            } catch let error as StoreError {
                line.findings = [error.sentence]
            }
            return line
        }

        /// Tells what the last whole check found, and wishes another.
        private func tellWholeCheck(_ arrivals: Arrivals?, _ line: inout Line) async {
            // What keeps it from being read is a finding of its examination.
            guard let arrivals, let last = try? await arrivals.ownerCheck() else { return }
            line.checkedWhole = last.done.map(timestamp)
            line.findings += last.findings.map { "at its whole check: \($0)" }
            do { try await arrivals.wishOwnerCheck() } catch {
                line.findings.append("the check at its owner's next login cannot be noted: \(error.sentence)")
            }
        }

        private func check(_ arrivals: Arrivals?, _ line: inout Line) async {
            do throws(StoreError) {
                guard let arrivals else { throw .unavailable("where its mail goes is not known") }
                line.findings += try await arrivals.check()
                line.waiting = try await arrivals.state().waiting
            } catch {
                line.findings.append("sealed arrivals: \(error.sentence)")
            }
            line.sound = line.findings.isEmpty
        }

        private func check(
            _ account: AccountRecord, _ files: AccountDirectory
        ) async -> (line: Line, report: CheckReport?) {
            var line = Line(address: account.address, id: account.id.description, sound: false, findings: [])
            let progress = Progress(account.address)
            defer { progress.end() }
            do throws(StoreError) {
                let report = try await files.store(for: account.id).check(searchIndex: searchIndex) { done, count in
                    progress.tell(done, of: count)
                }
                line.findings = report.findings
                if report.findingsLeftOut > 0 { line.findings.append("and \(report.findingsLeftOut) more") }
                (line.sound, line.messages, line.bytes) = (report.isSound, report.messages, report.bytes)
                return (line, report)
            } catch {
                line.findings = [error.sentence]
                return (line, nil)
            }
        }

        private func tell(_ line: Line) {
            let waiting = line.waiting.map { ", \($0) wait sealed" } ?? ""
            let size = bytesText(Int64(line.bytes))
            let verdict = line.sound ? "sound" : "DAMAGED"
            if line.closed {
                print(
                    "\(line.address): closed, \(line.sound ? "no damage shows" : verdict), \(line.pages ?? 0) pages, \(size)\(waiting)"
                )
                let last = line.checkedWhole.map { "was checked whole at \($0)" } ?? "was never checked whole"
                print("  \(last); is again when its owner logs in next, or here with --own-password-file")
            } else {
                print("\(line.address): \(verdict), \(line.messages) messages, \(size)\(waiting)")
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
