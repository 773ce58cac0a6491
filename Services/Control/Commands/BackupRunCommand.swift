// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import BackupEngine
import Foundation
import ServiceKit

/// `run`, `list`, `verify`, `tidy`: on the repository itself.
struct BackupRunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Takes a backup in this process, beside running services.",
        discussion: """
            It needs no key of the store, and no service has to stop. When a file cannot be read the backup is incomplete, the
            command leaves with 1, and --keep removes nothing.

            EXAMPLE
              mailkeep backup run --repository /var/backups/mailkeep --backup-keys /etc/mailkeep/backup --include /srv/mailkeep/.env
            """)

    @OptionGroup var store: StoreOptions
    @OptionGroup var repository: RepositoryOptions
    @OptionGroup var keys: BackupKeyOptions

    @Option(
        help: ArgumentHelp("File or folder to back up beside the store, as it is; may be repeated.", valueName: "path"))
    var include: [String] = []

    @Option(help: ArgumentHelp("Then keep only these, as '7d 4w 6m'; otherwise all are kept.", valueName: "rule"))
    var keep: String?

    @Flag(help: "Print JSON.") var json = false

    func run() async throws {
        let run = BackupRun(
            data: try store.dataFolder(), settings: include, place: try repository.place(), keys: try keys.keys(),
            retention: try keep.map(retention), release: Release.version)
        let watch = JobWatch()
        defer { watch.end() }
        let manifest = try run.run(watch.control)
        watch.end()
        if json {
            return try JSONOption.print(
                BackupLine(
                    id: manifest.id, taken: timestamp(manifest.taken), files: manifest.files.count,
                    bytes: manifest.bytes,
                    verified: nil, incomplete: !manifest.isComplete))
        }
        print(manifest.id)
        say("\(manifest.files.count) files, \(bytesText(manifest.bytes)), in \(run.place.text).")
    }
}

private func retention(_ text: String) throws -> Retention {
    guard let rule = Retention(text) else {
        throw Failure("'\(text)' is no rule of what to keep: write it as '7d 4w 6m' (days, weeks, months)")
    }
    return rule
}

struct BackupLine: Encodable {
    let id, taken: String
    let files: Int
    let bytes: Int64
    let verified: String?
    let incomplete: Bool
}

struct BackupList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Lists the backups of a repository, newest first.",
        discussion: """
            INCOMPLETE: some file of the store could not be read; `mailkeep backup verify ID` names it.

            EXAMPLE
              mailkeep backup list --json
            """)

    @OptionGroup var repository: RepositoryOptions
    @OptionGroup var access: RepositoryAccess
    @Flag(help: "Print JSON.") var json = false

    func run() async throws {
        let lines = try access.open(repository.place()).summaries().map {
            BackupLine(
                id: $0.id, taken: timestamp($0.taken), files: $0.files, bytes: $0.bytes,
                verified: $0.verified.map(timestamp), incomplete: $0.incomplete)
        }
        if json { return try JSONOption.print(lines) }
        Table(
            head: ["BACKUP", "TAKEN", "FILES", "SIZE", "VERIFIED"],
            rows: lines.map {
                [
                    $0.id, $0.taken, "\($0.files)", bytesText($0.bytes),
                    $0.incomplete ? "INCOMPLETE" : $0.verified ?? "not yet",
                ]
            }
        ).print()
    }
}

/// Opens a repository with the backup keys, or with the recovery key.
struct RepositoryAccess: ParsableArguments {
    @OptionGroup var keys: BackupKeyOptions
    @OptionGroup var recovery: RecoveryKeyOptions

    func open(_ place: RepositoryPlace) throws -> Repository {
        if recovery.recoveryKeyFile == nil, keys.folder != nil { return try place.open(keys.keys().repository) }
        return try place.open(recovery.key()).repository
    }
}

struct BackupVerify: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Reads every byte of a backup and checks it; leaves with 1 when something is damaged.",
        discussion: """
            Without an id the newest backup. What is damaged is noted in the repository, and the next backup writes it
            anew where the store still has it.

            EXAMPLE
              mailkeep backup verify
              mailkeep backup verify --all
            """)

    @OptionGroup var repository: RepositoryOptions
    @OptionGroup var access: RepositoryAccess
    @Argument(help: ArgumentHelp("A backup, as `mailkeep backup list` names it.", valueName: "id")) var id: String?
    @Flag(help: "Every backup.") var all = false
    @Flag(help: "Print JSON.") var json = false

    func validate() throws { if all, id != nil { throw ValidationError("Give either an id or --all.") } }

    func run() async throws {
        let repository = try access.open(repository.place())
        let wanted = try all ? nil : id ?? repository.backups().last
        let watch = JobWatch()
        defer { watch.end() }
        let outcomes = try Verification().run(repository, wanted, watch.control)
        watch.end()
        if json {
            try JSONOption.print(outcomes)
        } else {
            for outcome in outcomes {
                print(
                    "\(outcome.backup)  \(outcome.files) files, \(bytesText(outcome.bytes))  \(outcome.damaged.isEmpty ? "good" : "DAMAGED")"
                )
                for line in outcome.damaged { print("  \(line)") }
            }
        }
        if !outcomes.allSatisfy(\.damaged.isEmpty) { throw ExitCode.failure }
    }
}

struct BackupTidy: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tidy", abstract: "Removes backups that a rule does not keep, and what belongs to no backup.",
        discussion: "The newest backup always stays.\n\nEXAMPLE\n  mailkeep backup tidy --keep '7d 4w 6m'")

    @OptionGroup var repository: RepositoryOptions
    @OptionGroup var keys: BackupKeyOptions
    @Option(
        help: ArgumentHelp("The newest of each of so many days, weeks and months, as '7d 4w 6m'.", valueName: "rule"))
    var keep: String

    func run() async throws {
        let rule = try retention(keep)
        let repository = try repository.place().open(keys.keys().repository)
        let watch = JobWatch()
        defer { watch.end() }
        let freed = try repository.tidy(rule, watch.control)
        watch.end()
        print("\(bytesText(freed)) freed; \(try repository.backups().count) backups are kept.")
    }
}
