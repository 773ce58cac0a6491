// SPDX-License-Identifier: Apache-2.0
import CSealedSQLite

/// One page as the VFS encrypts it, for salvage and for tests against the format.
package enum PageCipher {
    /// Takes the nonce from where it stands in the page and writes the tag behind it.
    package static func encrypt(_ page: inout [UInt8], number: UInt32, key: SealedKey) {
        let size = Int32(page.count)
        key.withUnsafeBytes { key in
            page.withUnsafeMutableBufferPointer {
                sealed_sqlite_encrypt_page(key.bindMemory(to: UInt8.self).baseAddress!, number, $0.baseAddress!, size)
            }
        }
    }

    /// `false`, and the page as it was, when the tag does not fit.
    package static func decrypt(_ page: inout [UInt8], number: UInt32, key: SealedKey) -> Bool {
        let size = Int32(page.count)
        return key.withUnsafeBytes { key in
            page.withUnsafeMutableBufferPointer {
                sealed_sqlite_decrypt_page(key.bindMemory(to: UInt8.self).baseAddress!, number, $0.baseAddress!, size)
                    == 0
            }
        }
    }
}
