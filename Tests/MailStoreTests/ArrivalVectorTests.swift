// SPDX-License-Identifier: Apache-2.0
import Accounts
import Foundation
import SealedSQLite
import Testing

@testable import MailStore

/// A sealed message as a release before wrote it: what is out must open for ever. (Sealing is random, so the example is one
/// way only.)
@Suite struct ArrivalVectorTests {
    private let seed: [UInt8] = Array(0x80...0x9f)
    private let account = AccountID("000102030405060708090a0b0c0d0e0f")
    private let id = "I6Vm0erxvGEhtC+DE4p9Nw=="
    private let head = """
        AQECbUy9OZo5QF83TG4SGAC/zkt/D7r1HJPgYM67yLruVpteYtBtWcKyDfJMUciNLvvPwDViLtG2kpUW1eDxq2c08gGqP1YedtDqVxpn
        KOsP23P0Uzza4JX/g1cbvpufwt4LQd87NYk7OHKpr3g3YDSfKqmPlYrYjTZ8HlSQdLbe9CmJtnDAtuwcSKgTmc8wwU1P314UVu1lXeVu
        RFfsIMzrrvrIUMvMD/GnldGtXyDYVoDWagfPUKRmM25rZjnlhtGMDX1MShOf+LAcgt7EQW8KEHb6+vtywMThKXkg7p4acxzjvG9gzgdg
        vSRBKIexz8GFX2uOVjRsS52eCKjVjlT2r3Xw08pc1mg3dJWRPkCFrKfEIlc1PbVCwUPf9TjVqfKggamxU+edtGkTfSWDMsYvFV8xO2Hb
        bvpPQFBY/2xMP1ZDOJQc8OZ2MdIL/YDT8Vk0+docrkjndirW31cleIHQclMWD2oA/Y2XNVQZdZNULTRxM/286NhWGZiPkVMfi2cKRhns
        hfL9HopoE3FGg/SdWW0rHju9OQs+YvOs+Wi+0jEHQo6XX6hKJhP90VFJ64CG2Xn8kB4sk7Vgk7kBXCUmmFwjIKYc0iqyZbEUEb0rIr8k
        A/n5LvQDgJL95fv/WSDUymEHnd49WYcgJ9fJ2nhdRsceitUPOBKoBc3TZV2ECJF2Uoba0Ib2jAdlNaD/K48Pib8gJ/3gWBIH9mtlA2vA
        3912oQJ0YEWY9zrSU4ijzUUZDEml74buWKBJDf0ivE3wezgs9dzTx913h1k4Pw8D+e+3n/PfsZqojbFX6hoMyGg05QA4XiV21XUyerl4
        7NBiEJ/noZW4k+K03IkqghlCFPCUxwOFPx+Rttd8IsHjtDUyZkirlH5kLLSh5xND/Xek7pM4RncszBlM35QDChh7fgMMC/77rxsLRA2V
        3wlybBWAjneb6TFtvrX0meylEUBoSWRtt7dhvqJ/rMinuvfaTsVf8EX22ntZkk0frwxJdw2V54E4rUj/VH5vylka9tSoALrmcgjzjiw3
        JTP+69Xw48YJcrQO2z3CP7d51gljmSTSziMlEGZPhCifz+d/nYtoXnHaRitXkuPi2WdjJTuT/jPzrpo0+kw8QvdYbY0CtR8JkB6nk399
        EmcBbGHfv3Ax/15628OPXEz2ucluq7g0C4T2dYgzP+tG9z6aeZ1XgRr3Tmn5VcZp53Nik3HTPaBJcKjtPYkB0nsJr1WEn+AHClgFVQd7
        O63g18XImZ2qjxeBy8vxIm5Q2wMLwZDg7j03/fIfP+wQPRl+t3j8ZRXjboRohx/hYZUiCVwtxyAuT6PWe62Jn+fZuIvUiadIYhMpw8xf
        4sWz2zI1/H1f+5B7SChlOTCOwHnfiyrmJVWz98P7qQXp2Rt8+T/Uu2G3zOi2FFTxEJETRwnv6eC1DrfnEsVJktDg29beXwngdWKIpFMJ
        VxDN9CMz0TJytDdFBowFZQZJWfgj6VjatMSiUhh6
        """
    private let chunks = [
        "3/Q4t/IvL0itjjsv7+UGXubj17lc+I4/tJjFzfNoElRHMaFjIGlz37iCd45Zjw==",
        "lLOmDeaUgX6f/QZu6yoBAUr3Cl6ZqC5a7g0pIGRmLdarpDwgHKE=",
    ]

    @Test func theExampleOpens() throws {
        let key = try ArrivalKey(seed: #require(SealedKey(seed)))
        var recipient = try ArrivalRecipient(
            head: bytes(head), id: bytes(id), account: #require(account), key: key)
        var clear = try recipient.open(Data(bytes(chunks[0])), isLast: false)
        clear += try recipient.open(Data(bytes(chunks[1])), isLast: true)
        let header = try ArrivalHeader(Array(clear.prefix(ArrivalHeader.byteCount)))
        #expect(header.arrived == InternalDate(seconds: 1_795_573_800, zoneMinutes: 540))
        #expect(
            clear.dropFirst(ArrivalHeader.byteCount) == Data("Subject: vector\r\n\r\nMailkeep keeps mail.\r\n".utf8))
        // In another order, or for another account, it does not.
        var second = try ArrivalRecipient(head: bytes(head), id: bytes(id), account: #require(account), key: key)
        #expect(throws: ArrivalSealError.refused) { try second.open(Data(bytes(chunks[1])), isLast: true) }
        var other = try ArrivalRecipient(head: bytes(head), id: bytes(id), account: .random(), key: key)
        #expect(throws: ArrivalSealError.refused) { try other.open(Data(bytes(chunks[0])), isLast: false) }
    }

    @Test func theHeaderByteByByte() throws {
        let header = ArrivalHeader(arrived: InternalDate(seconds: 0x0102_0304_05, zoneMinutes: -210))
        #expect(header.bytes == [1, 0, 0, 0, 1, 2, 3, 4, 5, 0xFF, 0x2E])
        #expect(try ArrivalHeader(header.bytes) == header)
        for wrong in [[], [1], header.bytes + [0], [1] + [UInt8](repeating: 255, count: 10)] {
            #expect(throws: ArrivalSealError.malformed) { try ArrivalHeader(wrong) }
        }
        #expect(throws: ArrivalSealError.laterRelease) { try ArrivalHeader([2]) }
    }

    private func bytes(_ text: String) -> [UInt8] {
        [UInt8](Data(base64Encoded: text, options: .ignoreUnknownCharacters) ?? Data())
    }
}
