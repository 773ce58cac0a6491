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

    /// A page that was never written, as the VFS would have written it: zeros under a nonce of its own.
    package static func emptyPage(number: UInt32, size: Int, key: SealedKey) -> [UInt8] {
        var page = [UInt8](repeating: 0, count: size)
        page.withUnsafeMutableBytes { randombytes_buf($0.baseAddress! + size - 32, 16) }
        encrypt(&page, number: number, key: key)
        return page
    }
}
