// SPDX-License-Identifier: Apache-2.0
import Accounts
import ArgumentParser
import Foundation
import MailStore
import SealedSQLite

extension AccountCommand {
    struct Salvage: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Saves what can still be read of a damaged account file into a new one, and lists what was lost.",
            discussion: """
                The damaged file is not changed; mail for the account waits in the spool meanwhile. A backup is better: this
                is for what came since. The new file has the same key.

                It may be run to look while the services are up. What they store afterwards is not in the new file: stop them
                first (docker compose stop, but for control) when you mean to put it in place. How is said at the end.

                EXAMPLE
                  mailkeep account salvage anna@example.org --output /var/tmp/anna.db
                """)

        @OptionGroup var store: StoreOptions
        @Argument(help: "name@domain") var address: String
        @Option(help: ArgumentHelp("The new file; needs as much room as the old one.", valueName: "file"))
        var output: String
        @OptionGroup var owner: OwnerOptions

        func run() async throws {
            let directory = try store.directory([.accounts])
            let root = try store.accountsFolder()
            let account = try await directory.account(address)
            let hold = try await owner.open(account, in: directory)
            defer { hold?.release() }
            let output = URL(fileURLWithPath: output).standardizedFileURL.path
            let files = AccountDirectory(root: root, limit: 1) { try directory.fileKey(of: $0) }
            let progress = Progress(account.address)
            let report: SalvageReport
            do throws(StoreError) {
                report = try await files.salvage(account.id, into: output) { progress.tell($0, of: $1) }
            } catch {
                progress.end()
                throw Failure(
                    error == .accountExists ? "\(output) is there already" : "\(account.address): \(error.sentence)")
            }
            progress.end()
            await files.close()
            tell(report, account, try directory.fileKey(of: account.id).file.path(in: root), output)
        }

        private func tell(_ report: SalvageReport, _ account: AccountRecord, _ old: String, _ output: String) {
            let size = bytesText(Int64(report.bytes))
            print(
                "\(account.address): \(report.unreadablePages) of \(report.pages) pages cannot be read; saved "
                    + "\(report.messages) messages in their mailboxes, \(report.misplaced) in Recovered, \(size), and "
                    + "\(report.otherRows) rows of calendars, contacts and settings")
            if report.lost.isEmpty {
                print("Nothing is known to be lost.")
            } else {
                print("Lost:")
                for one in report.lost { print("  \(one)") }
                if report.lostLeftOut > 0 { print("  and \(report.lostLeftOut) more") }
            }
            guard !SealedDatabase.isOpenElsewhere(old) else {
                return say(
                    """
                    A service has the damaged file open: what it stores from now on is not in \(output).
                    To put a new file in place, stop the services that use accounts, then salvage once more.
                    """)
            }
            // The old log goes before the new file comes: it would be taken for the new one's, which has the same key.
            say(
                """
                To put it in place, while the services are stopped:
                  mv \(output) \(old).new && chown --reference=\(old) \(old).new && chmod --reference=\(old) \(old).new && sync
                  rm -f \(old)-wal \(old)-shm && mv \(old).new \(old) && sync
                """)
        }
    }
}
