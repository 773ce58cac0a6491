// SPDX-License-Identifier: Apache-2.0
import Foundation
import Logging
import NIOSSL
import Synchronization

/// The certificate that listeners show. Taken anew when its files change; connections that are open keep theirs.
package final class TLSCertificates: Sendable {
    private struct Version: Equatable {
        var stamps: [String]
    }

    private struct State {
        var context: NIOSSLContext
        var version: Version
        var checked: ContinuousClock.Instant
    }

    private let certificate: String
    private let key: String
    private let logger: Logger
    private let state: Mutex<State>

    /// Throws what NIOSSL throws for files that cannot be read or do not fit together.
    package init(certificate: String, key: String, logger: Logger) throws {
        self.certificate = certificate
        self.key = key
        self.logger = logger
        let version = Self.version(certificate, key)
        state = Mutex(State(context: try Self.load(certificate, key), version: version, checked: .now))
    }

    /// The context for a new connection. Looks at the files at most once a second; a certificate that cannot be used is
    /// logged, and the one before stays.
    package var context: NIOSSLContext {
        state.withLock { state in
            guard state.checked.duration(to: .now) >= .seconds(1) else { return state.context }
            state.checked = .now
            let version = Self.version(certificate, key)
            guard version != state.version else { return state.context }
            do {
                state.context = try Self.load(certificate, key)
                state.version = version
                logger.notice("the TLS certificate was taken anew")
            } catch {
                logger.error(
                    "the changed TLS certificate cannot be used; the one before stays", metadata: ["error": "\(error)"])
            }
            return state.context
        }
    }

    /// The public key of the first certificate in a PEM file, as SubjectPublicKeyInfo in DER. Throws what NIOSSL throws
    /// for a file that cannot be read.
    package static func publicKey(ofFile path: String) throws -> [UInt8] {
        guard let first = try NIOSSLCertificate.fromPEMFile(path).first else {
            throw NIOSSLError.failedToLoadCertificate
        }
        return try first.extractPublicKey().toSPKIBytes()
    }

    private static func load(_ certificate: String, _ key: String) throws -> NIOSSLContext {
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: try NIOSSLCertificate.fromPEMFile(certificate).map { .certificate($0) },
            privateKey: .privateKey(try NIOSSLPrivateKey(file: key, format: .pem)))
        configuration.minimumTLSVersion = .tlsv12
        return try NIOSSLContext(configuration: configuration)
    }

    private static func version(_ paths: String...) -> Version {
        Version(
            stamps: paths.map { path in
                var information = stat()
                guard stat(path, &information) == 0 else { return "none" }
                return
                    "\(information.st_ino) \(information.st_size) \(information.st_mtim.tv_sec).\(information.st_mtim.tv_nsec)"
            })
    }
}

extension ServiceConfiguration {
    /// The certificate that the configuration names; nil without one. Throws when its files cannot be read.
    package func certificates(logger: Logger) throws -> TLSCertificates? {
        guard let certificate, let certificateKey else { return nil }
        return try TLSCertificates(certificate: certificate, key: certificateKey, logger: logger)
    }
}
