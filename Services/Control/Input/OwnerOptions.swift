// SPDX-License-Identifier: Apache-2.0
import Accounts
import ArgumentParser
import Foundation

/// What opens a zero-access account. Not looked at for any other.
struct OwnerOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Of a zero-access account: file with its present password; - is standard input.", valueName: "file"))
    var ownPasswordFile: String?

    @Option(
        help: ArgumentHelp("Instead: file with its recovery key (MKA1-…); - is standard input.", valueName: "file"))
    var recoveryKeyFile: String?

    func validate() throws {
        if ownPasswordFile != nil, recoveryKeyFile != nil {
            throw ValidationError("--own-password-file and --recovery-key-file exclude each other.")
        }
    }

    var isGiven: Bool { ownPasswordFile != nil || recoveryKeyFile != nil }

    /// `nil`: neither was given, nor can it be asked for.
    func secret(of account: AccountRecord) throws -> OwnerSecret? {
        guard account.isZeroAccess else { return nil }
        if let given = try Self.read(password: ownPasswordFile, recoveryKey: recoveryKeyFile) { return given }
        guard isatty(STDIN_FILENO) == 1 else { return nil }
        let typed = try SecretInput.ask("Present password of \(account.address), or its recovery key: ", Self.key)
        let isKey = typed.withBytes {
            String(decoding: $0.prefix(5), as: UTF8.self) == RecoveryKey.Kind.account.prefix + "-"
        }
        return isKey ? .recoveryKey(try Self.recoveryKey(typed)) : .password(typed)
    }

    /// Out of one of two files; `nil`: neither is named.
    static func read(password: String?, recoveryKey: String?) throws -> OwnerSecret? {
        if let password { return .password(try SecretInput.line(of: password, Self.password)) }
        guard let recoveryKey else { return nil }
        return .recoveryKey(try Self.recoveryKey(SecretInput.line(of: recoveryKey, Self.key)))
    }

    /// Opens a zero-access account in this process for as long as the hold lives; `nil` for every other account.
    func open(_ account: AccountRecord, in directory: Directory) async throws -> KeyHold? {
        guard account.isZeroAccess else { return nil }
        guard let secret = try secret(of: account) else { throw Failure(Self.isClosed(account)) }
        return try await directory.hold(account.address, with: secret)
    }

    /// Why nothing can be done without its owner.
    static func isClosed(_ account: AccountRecord) -> String {
        "\(account.address) is a zero-access account, which the keys of this server do not open: give its password with "
            + "--own-password-file FILE, or its recovery key with --recovery-key-file FILE"
    }

    private static func recoveryKey(_ typed: SecretBytes) throws -> RecoveryKey {
        try typed.withBytes { try RecoveryKey(.account, text: String(decoding: $0, as: UTF8.self)) }
    }

    static let password = SecretInput.What(
        name: "password", limit: Directory.passwordBytes.upperBound, advice: "use --own-password-file FILE")
    private static let key = SecretInput.What(
        name: "password or recovery key", limit: Directory.passwordBytes.upperBound,
        advice: "use --own-password-file FILE or --recovery-key-file FILE")
}
