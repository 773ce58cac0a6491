// SPDX-License-Identifier: Apache-2.0
import CSealedSQLite
import Foundation

/// `f_type` of file systems on which POSIX locks do not hold between machines (statfs(2)).
private let networkFileSystems: Set<Int> = [
    0x6969,  // NFS
    0x517B, 0xFF53_4D42, 0xFE53_4D42,  // SMB, CIFS, SMB2
    0x00C3_6400,  // Ceph
    0x5346_414F,  // AFS
    0x0102_1997,  // 9p
    0x0BD0_0BD0,  // Lustre
]

func refuseNetworkFileSystem(_ path: String) throws {
    let type = sealed_sqlite_file_system(path)
    guard type != -1 else { throw SealedError.system("statfs \(path)", errno: errno) }
    if networkFileSystems.contains(type) { throw SealedError.networkFileSystem(path) }
}

func message(_ errno: Int32) -> String { String(cString: strerror(errno)) }
