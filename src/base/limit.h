/*
 * limit: every maximum of vitrine, with its unit and its reason. A loop, queue, buffer, recursion or
 * child that is driven from outside takes its bound from here.
 */
#ifndef BASE_LIMIT_H
#define BASE_LIMIT_H

#include <assert.h>

/* One request's memory in the vault: a 64 KiB body, its parse tree and an answer of at most 1 MiB fit. */
#define LIMIT_REQUEST_MEM_BYTES (8U << 20)
/* Strict JSON that the vault itself parses (DESIGN, invariant 4). */
#define LIMIT_JSON_BYTES (64U << 10)
#define LIMIT_JSON_DEPTH 16
/* Memory of a long verb: the manifest and file list of LIMIT_RELEASE_FILES at some 300 bytes each. */
#define LIMIT_LONG_MEM_BYTES (512U << 20)
/* Calls that the vault has taken on and not answered: waiting ones hold at most a body each. */
#define LIMIT_CALLS 2048
/* Sign-ins that wait for one of PASSWORD_PARALLEL_MAX hashes (some 0.2 s each). */
#define LIMIT_PASSWORD_QUEUE 64
/* Long verbs under way and waiting. */
#define LIMIT_LONG_CALLS 2
#define LIMIT_LONG_QUEUE 8
/* Calls of one point may overtake each other by this many; a counter further back is a replay. */
#define LIMIT_POINT_WINDOW 4096
#define LIMIT_POINTS 64
/* Invitations that are open at once, each for ten minutes. */
#define LIMIT_INVITATIONS 16
/* Links that the door holds, in and after the handshake; of one address, in the handshake. */
#define LIMIT_DOOR_LINKS 60
#define LIMIT_DOOR_ADDRESS_HANDSHAKES 8
/* A point's receipts: 670 million calls. Beyond it serves no more until they are taken away. */
#define LIMIT_RECEIPTS_BYTES (128ULL << 30)
/* Sessions open at once. */
#define LIMIT_SESSIONS 4096
/* Parties that open trails together, and the subsets of them that a session's key is wrapped for: 4 of 8. */
#define LIMIT_TRAIL_PARTIES 8
#define LIMIT_TRAIL_SUBSETS 70
/* Keys of one session: its vault was started again once less. */
#define LIMIT_TRAIL_KEYS 64
/* A session's trail as a file, with 40,000 views; the parties' tools read it whole. */
#define LIMIT_TRAIL_FILE_BYTES (64U << 20)
/* Openings in one answer, each with its parties. */
#define LIMIT_OPENINGS_PAGE 100
/* A note as it was encrypted: a text of LIMIT_TEXT_BYTES as JSON, padded; notes of one person. */
#define LIMIT_NOTE_BYTES (24 << 10)
#define LIMIT_NOTES 2000
/* Addresses of strangers told apart within a minute; the rest is counted as one. */
#define LIMIT_STRANGERS_MINUTE 1024
/* Accounts and addresses whose failed sign-ins are remembered; the oldest go first. */
#define LIMIT_ATTEMPTS 20000
/* A verb's JSON answer: a page of a list, never a whole table. */
#define LIMIT_ANSWER_BYTES (1U << 20)
/* One frame of the link: header and body: an answer and, beside it, a bundle of 256 of the largest entries (1 MiB and
 * 512 bytes); a marked page at zoom 2 of hostile text is below 600 KB. */
#define LIMIT_FRAME_BYTES ((2U << 20) + 4096)
/* Requests that one connection may have under way; the reader stops reading beyond. */
#define LIMIT_LINK_INFLIGHT 1024
#define LIMIT_LINK_CONNECTIONS 64
/* Answers that wait for a slow reader: beyond the first, its calls are no longer read; beyond the second
 * (1,024 marked pages of 40 KB under way fit), it is cut off. */
#define LIMIT_LINK_WAITING_BYTES (8U << 20)
#define LIMIT_LINK_WAITING_BYTES_MAX (64U << 20)

/* A ledger entry (design: at most 4 KiB; tlog-tiles allow 65,535). */
#define LIMIT_ENTRY_BYTES 4096
/* Private detail of an entry. */
#define LIMIT_DETAIL_BYTES (64U << 10)

/* Records. Distinct SQL texts of the program, each cached prepared once a connection. */
#define LIMIT_DB_STATEMENTS 1024
/* Parameters of one SQL text: one bit each of a word that tells which are bound. */
#define LIMIT_DB_PARAMETERS 64
/* How long one connection waits for another one's lock before it gives up. */
#define LIMIT_DB_BUSY_MS 5000
/* Pages of 4 KiB in the write-ahead log: beyond the first figure the checkpoint thread is woken, beyond the
 * second the writer moves pages itself, which keeps the log below 20 MB (measured; the thread alone: 187 MB). */
#define LIMIT_WAL_WAKE_PAGES 1000
#define LIMIT_WAL_PAGES 4000
/* Jobs that may wait for the writer, and jobs of one transaction: a batch this large takes about 50 ms. */
#define LIMIT_WRITER_QUEUE 16384
#define LIMIT_WRITER_BATCH 2048
/* One pack of the content store: small enough to move and back up singly, few enough to keep all mapped. */
#define LIMIT_PACK_BYTES (1ULL << 30)
/* Packs of one lab: 4 TiB. */
#define LIMIT_PACKS 4096

/* Names and texts that people type. */
#define LIMIT_NAME_BYTES 64
#define LIMIT_LINE_BYTES 240
#define LIMIT_TEXT_BYTES (16U << 10)
#define LIMIT_LIST_ITEMS 256

/* Ingest. A release: the kernel has 79,000 files and 1.3 GB. */
#define LIMIT_RELEASE_FILES 1000000U
#define LIMIT_RELEASE_BYTES (64ULL << 30)
#define LIMIT_FILE_BYTES (1ULL << 30)
#define LIMIT_PATH_BYTES 4096
#define LIMIT_PATH_DEPTH 128
#define LIMIT_LINK_TARGET_BYTES 4096
/* Folders and left-out things that an ingest looks at, for each file that it may take. */
#define LIMIT_INGEST_ENTRIES_A_FILE 4U
/* An archive may unpack to so much freely, and beyond it to so many times its own size: the kernel's unpacks
 * to 10 times, text of one repeated line to 1,000 times. */
#define LIMIT_ARCHIVE_FREE_BYTES (256ULL << 20)
#define LIMIT_ARCHIVE_RATIO 100U
/* An import child that says nothing for so long is ended; CPU time and address space that it may use. */
#define LIMIT_IMPORT_SILENCE_MS 120000
#define LIMIT_IMPORT_CPU_S 3600U
#define LIMIT_IMPORT_MEM_BYTES (4ULL << 30)
/* A file is binary when a NUL byte is in its first bytes, as git and grep see it. */
#define LIMIT_BINARY_LOOK_BYTES 8192U
/* A .dsc is a page of text. */
#define LIMIT_DSC_BYTES (256U << 10)
/* Rows of one folder in one answer. */
#define LIMIT_TREE_ROWS 4000

/* Glass. */
#define LIMIT_TILE_LINES 60
#define LIMIT_TILE_COLUMNS 80
#define LIMIT_LINE_COLUMNS (16U << 20) /* a 16 MiB line is still shown, tile by tile */
#define LIMIT_PAGE_HITS 2048

/* Whose mark is it? A picture that is asked about: a telephone's photograph is 3 to 8 MB and 12 million pixels. */
#define LIMIT_PICTURE_BYTES (12U << 20)
#define LIMIT_PICTURE_PIXELS 24000000U
#define LIMIT_PICTURE_SIDE 16384U
/* A picture child: decoded pixels of 4 bytes, a progressive picture's coefficients (6 a pixel), and its file. */
#define LIMIT_PICTURE_MEM_BYTES (512ULL << 20)
#define LIMIT_PICTURE_CPU_S 30U
/* Pages that one picture is compared with; a registration is some tenths of a second. */
#define LIMIT_LEAK_PAGES 64
/* Sessions whose marks are tried, and source that is looked through for words: some 10 s each. */
#define LIMIT_LEAK_SESSIONS 1000000
#define LIMIT_LEAK_SCAN_BYTES (4ULL << 30)
/* A line that stands in more places than this tells nobody from another. */
#define LIMIT_LEAK_PLACES 64

/* Lists. */
#define LIMIT_PAGE_ITEMS 200

static_assert(
	LIMIT_JSON_BYTES < LIMIT_REQUEST_MEM_BYTES / 16, "a parsed body fits the request's memory");
static_assert(LIMIT_ANSWER_BYTES < LIMIT_FRAME_BYTES, "an answer fits a frame");
static_assert(LIMIT_ENTRY_BYTES < 65536, "tlog-tiles: an entry's length is 16 bits");

#endif
