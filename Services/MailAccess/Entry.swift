// SPDX-License-Identifier: Apache-2.0
import Accounts
import IMAPServer
import Logging
import MailStore
import ServiceKit
import ServiceLifecycle

/// Gives users their mail: IMAP and POP3. Assembly only.
@main
struct Entry {
    static let imapPort = Setting("imap.port", "port for IMAP with STARTTLS", fallback: "off")
    static let imapsPort = Setting("imaps.port", "port for IMAP under TLS", fallback: "off")
    static let pop3Port = Setting("pop3.port", "port for POP3 with STLS", fallback: "off")
    static let pop3sPort = Setting("pop3s.port", "port for POP3 under TLS", fallback: "off")

    static func main() async {
        await ServiceMain.run(
            name: "mail-access", about: "gives users their mail by IMAP and POP3",
            settings: [imapPort, imapsPort, pop3Port, pop3sPort], assemble: assemble)
    }

    private static func assemble(
        _ reader: inout SettingReader, _ configuration: ServiceConfiguration, _ logger: Logger
    ) async throws -> ServiceMain.Assembly {
        var listeners: [Listener] = []
        for (name, setting, security) in [
            ("imap", imapPort, Listener.Security.startTLS), ("imaps", imapsPort, .implicit),
        ] {
            if let port = reader.port(setting) { listeners.append(Listener(name: name, port: port, security: security)) }
        }
        if listeners.isEmpty { reader.wrong(imapsPort, "no port at all: set at least one") }
        guard reader.mistakes.isEmpty else { return ServiceMain.Assembly(services: [], checks: []) }

        let keys = try PurposeKeys(folder: configuration.keys, only: [.configuration, .accounts])
        let directory = try Directory(dataFolder: configuration.data, keys: keys)
        let accounts = AccountDirectory(root: configuration.data + "/accounts") { try directory.fileKey(of: $0) }
        let certificates = try configuration.certificate.flatMap { certificate in
            try configuration.certificateKey.map { try TLSCertificates(certificate: certificate, key: $0, logger: logger) }
        }
        let gate = ProcessLoginGate()
        let imap = IMAPService(
            directory: directory, accounts: accounts, gate: gate, announce: { _ in },
            wait: { _, seconds in try? await Task.sleep(for: .seconds(min(seconds, 10))) })
        let server = ConnectionServer(
            configuration: configuration, listeners: listeners, certificates: certificates, logger: logger,
            busyLine: IMAPService.busyLine
        ) { try await imap.run($0) }
        let checks = [
            ReadinessCheck("directory") {
                do {
                    _ = try await directory.domains()
                    return nil
                } catch {
                    return "\(error)"
                }
            }
        ]
        return ServiceMain.Assembly(services: [Upkeep(accounts: accounts), server], checks: checks)
    }
}

/// Frees the bytes of expunged messages whose grace is over, each hour.
struct Upkeep: Service {
    let accounts: AccountDirectory

    func run() async throws {
        try? await cancelWhenGracefulShutdown {
            while true {
                try await Task.sleep(for: .seconds(3_600))
                await accounts.tidy()
            }
        }
    }
}
