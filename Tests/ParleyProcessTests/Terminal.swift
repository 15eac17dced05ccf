import Foundation
import Glibc

/// A terminal of our own: what a child writes to it comes out of `reader`.
final class Terminal {
    typealias Ends = (reader: Int32, writer: Int32)
    let ends: Ends

    init(columns: UInt16 = 200) throws {
        let master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC)
        // posix_openpt and its like are not in Swift's Glibc; these two calls are what they consist of.
        var (unlocked, number) = (Int32(0), UInt32(0))
        guard master >= 0, ioctl(master, 0x4004_5431 /* TIOCSPTLCK */, &unlocked) == 0,
            ioctl(master, 0x8004_5430 /* TIOCGPTN */, &number) == 0
        else { throw Trouble("no terminal: \(errno)") }
        let slave = open("/dev/pts/\(number)", O_RDWR | O_NOCTTY | O_CLOEXEC)
        guard slave >= 0 else { throw Trouble("no terminal: \(errno)") }
        var size = winsize(ws_row: 40, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0)
        _ = ioctl(slave, UInt(TIOCSWINSZ), &size)
        ends = (master, slave)
    }
}
