# Makes Doxygen's comments of plain ones: /* behind a declaration, in front of one, of a file.
1s|^/\*$|/** @file|
s|^\( *\)/\* |\1/** |
s|\([^ /].*[^ ]\)  */\* |\1 /**< |
