# ruff: noqa: E501
"""What the law and its tables say. Written by device/tools/generate_core.py; change the declarations, not this file."""

VERSION = 'cn-34-2026-11'
PROHIBITED = ' P1 P2 P3 P4 X1 X2 X3 X4 X5 '
OTHER_PLACES = ' A1 A2 A3 A4 A5 M01 M02 M03 M04 M05 M06 M07 M08 M09 M10 M11 M12 M13 M14 '
ARTICLE_7 = ' A1 A2 A3 A4 A5 '
RETENTION_FLOORS = {'art7': (30, 'State Council Order 799 Art. 17 [F]'), 'art9': (30, 'GB 55029-2022 3.5.2(5) [2]')}
STEPS = 'manufactured registered 100 Anhui Order 270 Art. 8 [T]; State Council Order 799 Art. 8 [2]\nregistered accepted 111 Anhui Order 270 Art. 13 [2]\nregistered registered 100 Anhui Order 270 Art. 8 [T]; State Council Order 799 Art. 8 [2]\naccepted registered 100 Anhui Order 270 Art. 8 [T]; State Council Order 799 Art. 8 [2]\naccepted in_use 110 Anhui Order 270 Art. 13 [2]\nin_use filed 100 State Council Order 799 Art. 14 [F]; Anhui Order 270 Art. 13 [2]\nfiled change_due 000 State Council Order 799 Art. 14 [F]\nchange_due filed 100 State Council Order 799 Art. 14 [F]\nregistered withdrawn 000 \u2013 [P]\naccepted withdrawn 000 \u2013 [P]\nin_use withdrawn 000 \u2013 [P]\nfiled withdrawn 000 \u2013 [P]\nchange_due withdrawn 000 \u2013 [P]\nwithdrawn registered 100 Anhui Order 270 Art. 8 [T]; State Council Order 799 Art. 8 [2]\n'
SOURCE_PLACE = 'Anhui Order 270 Art. 8 [T]; State Council Order 799 Art. 8 [2]'
SOURCE_CONSENT = 'State Council Order 799 Art. 10, known through Art. 28 [T]'
SOURCE_ORDER = '\u2013 [P]'
SOURCE_VIEW = 'Anhui Order 270 Art. 14 [2]; State Council Order 799 Art. 13 [F]'
REMARK_REGIME = 'place.regime'
ROLE_OF_KIND = {1: 'configuration', 5: 'lifecycle', 2: 'root', 4: 'configuration'}
ROLE_OF_COMMAND = {'new_nonce': 'access'}
COMMANDS = ' dismissed export_ledger identify new_nonce release_latch reported '
CLOSES_FLAG = ' dismissed reported '
SPACES = '\t\n\x0b\x0c\r\x1c\x1d\x1e\x1f \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'
FILING_DAYS = 30
CHANGE_DAYS = 15
OF_LINES = ' line_crossed wrong_way '
OF_AREAS = ' crowd_density fast_motion gathering intrusion loitering object_left object_removed scattering '
WITH_DWELL = ' loitering object_left object_removed '
WITH_CROWD = ' crowd_density gathering scattering '
WITH_SPEED = ' fast_motion '
