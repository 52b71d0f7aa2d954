"""How large what comes from outside may be, in one place. The help of the page *Get data* says the same."""

# text: JSON files of the workspace and of bundles, whatever they claim
MOST_JSON_BYTES = 32 * 2**20
MOST_JSON_DEPTH = 100
MOST_DIGITS = 400  # of one number

# tables: metadata, ground truths, image sources
MOST_TABLE_BYTES = 64 * 2**20
MOST_TABLE_ROWS = 300_000
MOST_TABLE_COLUMNS = 500
MOST_LINE_CHARACTERS = 1_000_000
MOST_CELL_CHARACTERS = 1_000  # of a value that is used
MOST_PROBLEMS = 10_000  # listed with a data set; the others are counted

# archives
MOST_MEMBERS = 250_000  # a zip's directory takes about a kilobyte of memory a file
MOST_DIRECTORY_BYTES = 48 * 2**20
MOST_ZIPS = 100  # in one folder
MOST_EXPANSION = 100  # times as large as the zip, unpacked; below MOST_UNPACKED_BYTES anything goes
MOST_UNPACKED_BYTES = 2 * 2**30
MOST_IMAGE_BYTES = 200 * 2**20

# images
MOST_PIXELS = 60_000_000
MOST_ELONGATED = 20  # times as long as wide; a wider strip would grow without bound when scaled to cover a window
MOST_BLOCKS = 1_000  # of metadata and tables before the pixels; a file with more is not decoded in the app's process
MOST_CHUNKS = 50_000  # of a PNG, most of them pixels; likewise
MOST_SCANNED_PIXELS = 300_000_000  # of a JPEG over all its scans; likewise
MOST_PROFILE_BYTES = 2 * 2**20  # of a colour profile; a longer one is ignored
MOST_DECODING_BYTES = 500_000_000  # of memory that all images being decoded in a process take together
MOST_UNUSUAL_BYTES = 64 * 2**20  # of a file that is not decoded in the app's process
MOST_DECODING_SECONDS = 4  # of processor time for it
MOST_WAITING_SECONDS = 20  # for it by the clock, which ends it where no limit on processor time can be set

# texts on a page, in characters; what is longer ends in an ellipsis
MOST_SHOWN = 10_000
MOST_PARAMETER = 4_000  # of an address; what pages write is shorter
MOST_WORD = 255  # a file's name at most; a page breaks it

# downloads and logins
MOST_DOWNLOAD_BYTES = 50 * 10**9  # of one file
MOST_LOGIN_BYTES = 64 * 2**10  # of a kaggle.json or an access token's file
MOST_LOGIN_CHARACTERS = 8_000  # of a token, a user name or a key
