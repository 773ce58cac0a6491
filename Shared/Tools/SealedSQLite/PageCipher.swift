// SPDX-License-Identifier: Apache-2.0
import CSealedSQLite
import CSodium

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

    /// Encrypts a page anew: under another key and a nonce of its own. `false`, and the page as it was, when its tag does not
    /// fit. `salt`: what page 1 begins with, 16 bytes.
    static func rekey(
        _ page: UnsafeMutableRawBufferPointer, number: UInt32, from key: SealedKey, to newKey: SealedKey, salt: [UInt8]
    ) -> Bool {
        guard let start = page.baseAddress?.assumingMemoryBound(to: UInt8.self) else { return false }
        let isOpen = key.withUnsafeBytes {
            sealed_sqlite_decrypt_page($0.bindMemory(to: UInt8.self).baseAddress!, number, start, Int32(page.count))
                == 0
        }
        guard isOpen else { return false }
        if number == 1 { page.copyBytes(from: salt) }
        encrypt(page, number: number, key: newKey)
        return true
    }

    /// With a random nonce.
    static func encrypt(_ page: UnsafeMutableRawBufferPointer, number: UInt32, key: SealedKey) {
        guard let start = page.baseAddress?.assumingMemoryBound(to: UInt8.self) else { return }
        randombytes_buf(start + page.count - 32, 16)
        key.withUnsafeBytes {
            sealed_sqlite_encrypt_page($0.bindMemory(to: UInt8.self).baseAddress!, number, start, Int32(page.count))
        }
    }

    /// A page that was never written, as the VFS would have written it: zeros under a nonce of its own.
    package static func emptyPage(number: UInt32, size: Int, key: SealedKey) -> [UInt8] {
        var page = [UInt8](repeating: 0, count: size)
        page.withUnsafeMutableBytes { encrypt($0, number: number, key: key) }
        return page
    }
}
