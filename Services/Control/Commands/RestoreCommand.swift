// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import BackupEngine
import Foundation

struct RestoreCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "restore", abstract: "Brings a backup back: everything, or one account.",
        subcommands: [All.self, Account.self])

    /// Everything is in place but the mail that was named.
    private static let mailIsLacking = ExitCode(3)

    private static func warn(of newer: [RestoreSource.PassedOver], insteadOf taken: String) {
        guard !newer.isEmpty else { return }
        for backup in newer { say("Passed over: backup \(backup.backup): \(backup.why).") }
        say("Backup \(taken) is taken, which is older. For a newer one: --backup ID.")
    }

    struct All: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Brings the whole store back, with its keys, from the repository and the recovery key alone.",
            discussion: """
                Into an empty folder, or with --replace over a store that no service has open; what was there is kept in folders
                beside. Mail that was on its way comes back held: see `mailkeep queue list`. When it is cut off, run it
                again. An account whose file in the backup is damaged or missing is named and keeps nothing else from coming
                back; it leaves with 3 then. Without --backup the newest backup that has the configuration and the outgoing mail is taken,
                and newer ones are named; `mailkeep restore account` finds an older one for an account that is missing.

                EXAMPLE
                  mailkeep restore all --repository /var/backups/mailkeep --data /srv/store --keys /etc/mailkeep/keys
                """)

        @OptionGroup var store: StoreOptions
        @OptionGroup var repository: RepositoryOptions
        @OptionGroup var recovery: RecoveryKeyOptions

        @Option(help: ArgumentHelp("Which backup; otherwise the newest that can be used.", valueName: "id"))
        var backup: String?
        @Option(help: ArgumentHelp("Also write the master key to this file, 0400.", valueName: "file")) var master:
            String?
        @Option(help: ArgumentHelp("Also write the backup keys into this folder.", valueName: "folder")) var backupKeys:
            String?
        @Option(help: ArgumentHelp("Also write the settings below this folder.", valueName: "folder")) var settings:
            String?
        @Flag(help: "Replace the store that is there; it is kept beside.") var replace = false
        @Flag(help: "Print JSON.") var json = false

        func run() async throws {
            var restore = RestoreAll(data: try store.dataFolder(), keys: try store.keysFolder())
            restore.master = master
            restore.backupKeys = backupKeys
            restore.settings = settings
            restore.replace = replace
            let source = try RestoreSource(repository.place(), recovery.key(), backup: backup)
            RestoreCommand.warn(of: source.passedOver, insteadOf: source.manifest.id)
            for file in source.manifest.missing { say("LACKING in backup \(source.manifest.id): \(file)") }
            let watch = JobWatch()
            defer { watch.end() }
            let report = try await restore.run(source, watch.control)
            watch.end()
            if json { try JSONOption.print(report) } else { tell(report, in: restore) }
            if !report.damaged.isEmpty || !report.withoutFile.isEmpty || !report.withoutArrivals.isEmpty {
                throw RestoreCommand.mailIsLacking
            }
        }

        private func tell(_ report: RestoreAll.Report, in restore: RestoreAll) {
            guard let taken = report.taken else {
                return print(
                    "The restore of backup \(report.backup) that was cut off is finished now; nothing else was done.")
            }
            print("Backup \(report.backup) of \(timestamp(taken)) is back: \(report.accounts) accounts.")
            if let replaced = report.replaced {
                print("What was there is in \(restore.data)/\(replaced) and \(restore.data)/accounts/\(replaced).")
            }
            if report.keptKeys { print("The keys in \(restore.keys) stay; everything is wrapped by them now.") }
            for path in report.settings { print("Settings: \(path)") }
            for address in report.withoutFile {
                print(
                    "WITHOUT ITS MAIL: \(address) was being removed, or its file could not be read, when the backup was taken."
                )
            }
            for account in report.damaged {
                print("WITHOUT ITS MAIL: \(account.address): in this backup, \(account.why).")
            }
            if !report.damaged.isEmpty || !report.withoutFile.isEmpty {
                print(
                    "Everything else is in place. Bring each of these back from another backup (`mailkeep backup list`), also while "
                        + "services run: `mailkeep restore account ADDRESS --backup ID`.")
            }
            for account in report.withoutArrivals {
                print("WITHOUT WHAT WAITED SEALED: \(account.address): \(account.why).")
            }
            if !report.closed.isEmpty {
                print(
                    "\(report.closed.count) zero-access accounts are back unopened: their pages are checked when their owners log in."
                )
            }
            if report.held > 0 {
                print(
                    "\(report.held) deliveries are held, since some may have gone out after the backup: look with `mailkeep queue list`, then "
                        + "`mailkeep queue retry --all` or `mailkeep queue remove ID…`.")
            }
        }
    }

    struct Account: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Brings one account back while services run, also one that was removed.",
            discussion: """
                What the account has now is first copied beside, sealed with the same key. Mail that comes in meanwhile waits and
                is then delivered. Its mail, calendars and contacts are those of the backup; what config.db has of it (password,
                quota, aliases and so on) stays as it is today. A removed account comes back as it was, with all of that.

                A zero-access account needs its own password or recovery key, but not when it was removed: it comes back with the
                secrets of then. With --as it needs its password and gets a new recovery key, which is shown once. Mail that waited
                sealed in the backup comes along.

                Without --backup the newest backup that has the account whole is taken, and newer ones are named. It leaves with 3
                when mail that waited sealed could not be read.

                EXAMPLE
                  mailkeep restore account anna@example.org --backup 20261124T031502Z-5f0c9a1e
                  mailkeep restore account anna@example.org --as anna-before@example.org
                """)

        @OptionGroup var store: StoreOptions
        @OptionGroup var repository: RepositoryOptions
        @OptionGroup var recovery: RecoveryKeyOptions
        @Argument(help: "name@domain") var address: String
        @Option(help: ArgumentHelp("Which backup; otherwise the newest that has it whole.", valueName: "id"))
        var backup: String?
        @Option(
            name: .customLong("as"),
            help: ArgumentHelp("As a new account of this address, beside the one that is there.", valueName: "address"))
        var newAddress: String?
        @Option(
            help: ArgumentHelp(
                "Of a zero-access account: file with its password; - is standard input.", valueName: "file"))
        var ownPasswordFile: String?
        @Option(help: ArgumentHelp("Instead: file with its recovery key (MKA1-…).", valueName: "file"))
        var ownRecoveryKeyFile: String?
        @Flag(help: "Print JSON.") var json = false

        func validate() throws {
            if ownPasswordFile != nil, ownRecoveryKeyFile != nil {
                throw ValidationError("--own-password-file and --own-recovery-key-file exclude each other.")
            }
        }

        func run() async throws {
            var restore = RestoreAccount(
                data: try store.dataFolder(), address: address, newAddress: newAddress, actor: operatorName)
            restore.owner = try OwnerOptions.read(password: ownPasswordFile, recoveryKey: ownRecoveryKeyFile)
            let keys = try store.purposeKeys([.configuration, .accounts])
            let source = try RestoreSource(repository.place(), recovery.key(), backup: backup)
            let watch = JobWatch()
            defer { watch.end() }
            let report = try await restore.run(source, keys: keys, watch.control)
            watch.end()
            RestoreCommand.warn(of: report.passedOver, insteadOf: report.backup)
            if json { try JSONOption.print(report) } else { tell(report) }
            if report.withoutArrivals != nil { throw RestoreCommand.mailIsLacking }
        }

        private func tell(_ report: RestoreAccount.Report) {
            print("\(report.address) is as it was at \(timestamp(report.taken)) (backup \(report.backup)).")
            if report.filed > 0 { print("\(report.filed) messages that waited sealed then are filed.") }
            if report.waiting > 0 {
                print("\(report.waiting) messages that waited sealed then wait again, for its owner's next login.")
            }
            if report.unopened > 0 {
                print("\(report.unopened) messages that waited sealed then do not open; they are in the backup only.")
            }
            if let why = report.withoutArrivals { print("WITHOUT WHAT WAITED SEALED: \(report.address): \(why).") }
            for alias in report.aliasesGone {
                print("The alias \(alias) led to it then and does not now: see `mailkeep alias add`.")
            }
            if let replaced = report.replaced {
                print("What it had is kept, sealed, in \(replaced); delete it when it is not needed.")
            }
            if let key = report.recoveryKey {
                print(key)
                say("This is its new recovery key, which is not shown again: hand it to its owner.")
            }
        }
    }
}
