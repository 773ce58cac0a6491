// SPDX-License-Identifier: Apache-2.0

import Accounts
import Foundation
import MailAuthentication
import MailFormat

/// Signs with every key of the domain in the From field, or of the domain above it, that is ours.
package struct DirectorySigner: MessageSigner {
    private let directory: Directory

    package init(directory: Directory) { self.directory = directory }

    package func signatures(of message: [UInt8]) async throws -> [UInt8] {
        guard let from = MessageHeader(message).text("From", in: message),
            let author = AddressList.mailboxes(from).first?.address
        else { return [] }
        var labels = author.domain.split(separator: ".")[...]
        while labels.count >= 2 {
            let keys = try await directory.signingKeys(domain: labels.joined(separator: "."))
            if !keys.isEmpty {
                let signer = DKIMSigner(message: message)
                let seconds = Int64(Date().timeIntervalSince1970)
                return Array(try keys.map { try Self.field(signer, $0, seconds) }.joined().utf8)
            }
            labels = labels.dropFirst()
        }
        return []
    }

    private static func field(_ signer: DKIMSigner, _ key: SigningKey, _ seconds: Int64) throws -> String {
        let algorithm: SigningAlgorithm =
            switch key.algorithm {
            case .ed25519: .ed25519
            case .rsa: .rsa
            }
        return try key.privateKey.withBytes {
            try signer.field(
                domain: key.domain, selector: key.selector, algorithm: algorithm, privateKey: $0, seconds: seconds)
        }
    }
}
